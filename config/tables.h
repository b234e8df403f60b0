// The configuration's own settings as data; `sluis schema` and the reference pages are made from them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "config/members.h"
#include "core/channel/settings.h"

namespace sluis::config {

namespace tables {

constexpr std::int64_t seconds = 1'000'000;
constexpr std::int64_t hours = 3600 * seconds;
constexpr std::int64_t days = 24 * hours;
constexpr std::int64_t thousand = 1000;  // a number's bounds are thousandths
constexpr std::int64_t mebibytes = std::int64_t{1} << 20;

inline constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};
inline constexpr std::array<std::string_view, 3> log_formats{"auto", "text", "json"};
inline constexpr std::array<std::string_view, 2> environments{"test", "production"};
inline constexpr std::array<std::string_view, 2> retry_or_hold{"retry", "hold"};
inline constexpr std::array<std::string_view, 2> continue_or_hold{"continue", "hold"};
inline constexpr std::array<std::string_view, 2> receipt_or_answer{"receipt", "answer"};
inline constexpr std::array<std::string_view, 3> certificate_rules{"none", "optional", "required"};
inline constexpr std::array<std::string_view, 3> directions{"submission", "answer", "both"};
inline constexpr std::array<std::string_view, 3> duplicate_rules{"hold", "refuse", "accept"};
inline constexpr std::array<std::string_view, 9> delivery_states{
    "queued", "sending", "awaiting", "delivered", "blocked", "held", "rejected", "expired", "cancelled"};

using enum SettingType;

// gateway.yaml, beside `listeners`
inline constexpr std::array gateway_rows{
    SettingSpec{.name = "gateway.name",
                .type = name,
                .sentence = "The gateway's name, in its reports and in what it tells its peers.",
                .required = true},
    SettingSpec{.name = "gateway.data",
                .type = path,
                .sentence = "The data directory; no database's address, as none is built in.",
                .required = true},
    SettingSpec{
        .name = "control.socket",
        .type = path,
        .sentence = "The control socket that `sluis` commands use; by default control.sock in the data directory."},
    SettingSpec{.name = "log.level",
                .type = choice,
                .sentence = "The least important records that are written.",
                .otherwise = "info",
                .choices = log_levels},
    SettingSpec{.name = "log.format",
                .type = choice,
                .sentence = "How records are written; auto is text on a terminal and JSON otherwise.",
                .otherwise = "auto",
                .choices = log_formats},
    SettingSpec{.name = "engine.breaker.failures",
                .type = integer,
                .sentence = "Failures of a whole channel or account in a row after which it is left alone for a while.",
                .otherwise = "5",
                .least = 1,
                .most = 1000},
    SettingSpec{.name = "engine.breaker.pause",
                .type = duration,
                .sentence = "How long it is then left alone.",
                .otherwise = "60s",
                .least = seconds,
                .most = days},
    SettingSpec{.name = "engine.breaker.pause-most",
                .type = duration,
                .sentence = "The longest pause, after doubling with every failed try.",
                .otherwise = "15m",
                .least = seconds,
                .most = days},
    SettingSpec{.name = "engine.tick",
                .type = duration,
                .sentence = "How long the engine may rely on what it knows of due times.",
                .otherwise = "1s",
                .least = 10'000,
                .most = 60 * seconds},
    SettingSpec{.name = "retention.bodies",
                .type = duration,
                .sentence = "How long the bodies of settled messages are kept.",
                .otherwise = "30d",
                .least = seconds},
    SettingSpec{.name = "retention.metadata",
                .type = duration,
                .sentence = "How long the metadata and timelines of settled messages are kept.",
                .otherwise = "400d",
                .least = seconds},
    SettingSpec{.name = "retention.keys",
                .type = duration,
                .sentence = "How long the keys are kept by which a duplicate is recognised.",
                .otherwise = "800d",
                .least = seconds},
    SettingSpec{.name = "retention.every",
                .type = duration,
                .sentence = "How often what is due is looked for and purged.",
                .otherwise = "10m",
                .least = seconds,
                .most = days},
    SettingSpec{.name = "quota.messages-per-hour",
                .type = integer,
                .sentence = "Messages that one customer may hand in an hour; 0 is no limit.",
                .otherwise = "36000",
                .least = 0},
    SettingSpec{.name = "quota.bytes-per-hour",
                .type = bytes,
                .sentence = "Octets that one customer may hand in an hour; 0 is no limit.",
                .otherwise = "50GiB",
                .least = 0},
    SettingSpec{.name = "quota.connections",
                .type = integer,
                .sentence = "Connections that one customer may have open at once; 0 is no limit.",
                .otherwise = "100",
                .least = 0},
    SettingSpec{.name = "limits.low-water",
                .type = bytes,
                .sentence = "Free space in the data directory below which nothing more is accepted.",
                .otherwise = "1GiB",
                .least = 16 * mebibytes},
};

// listeners.<name>
inline constexpr std::array listener_rows{
    SettingSpec{.name = "address", .type = address, .sentence = "Where it listens, as address:port.", .required = true},
    SettingSpec{.name = "max-connections",
                .type = integer,
                .sentence = "Connections at once; more are closed at once.",
                .otherwise = "10000",
                .least = 1,
                .most = 1'000'000},
    SettingSpec{.name = "max-connections-per-address",
                .type = integer,
                .sentence = "Connections at once from one address (of IPv6: one /64).",
                .otherwise = "100",
                .least = 1,
                .most = 1'000'000},
    SettingSpec{
        .name = "proxy-protocol.from",
        .type = text_list,
        .sentence =
            "Networks of the proxies that name their client in a PROXY header, and must; nobody else is believed."},
};
inline constexpr std::array listener_tls_rows{
    SettingSpec{.name = "certificate",
                .type = path,
                .sentence = "The certificate with its chain, a PEM file.",
                .required = true},
    SettingSpec{.name = "key", .type = secret, .sentence = "The certificate's private key in PEM.", .required = true},
    SettingSpec{.name = "client-ca",
                .type = path,
                .sentence = "The authorities whose client certificates are believed, a PEM file."},
    SettingSpec{.name = "client-certificates",
                .type = choice,
                .sentence = "Whether clients are asked for a certificate, and whether they must have one.",
                .otherwise = "none",
                .choices = certificate_rules},
};
inline constexpr Table listener_tls{.heading = "gateway.yaml: listeners.NAME.tls", .rows = listener_tls_rows};
inline constexpr std::array listener_members{
    Member{.name = "tls", .form = Form::mapping, .sentence = "TLS; without it in clear text.", .of = &listener_tls}};
inline constexpr Table listener{
    .heading = "gateway.yaml: listeners.NAME", .rows = listener_rows, .members = listener_members};

inline constexpr std::array gateway_members{
    Member{.name = "listeners",
           .form = Form::names,
           .sentence = "Named listeners, which channels are served on.",
           .of = &listener}};
inline constexpr Table gateway{.heading = "gateway.yaml", .rows = gateway_rows, .members = gateway_members};

// channels/*.yaml, beside the kind's own table
inline constexpr std::array channel_rows{
    SettingSpec{.name = "channel",
                .type = name,
                .sentence = "The channel's name; `customer` is none, as routes mean the customer by it.",
                .required = true},
    SettingSpec{
        .name = "adapter", .type = text, .sentence = "The kind of channel, as an adapter names it.", .required = true},
    SettingSpec{.name = "environment",
                .type = choice,
                .sentence = "test or production; they never mix.",
                .required = true,
                .choices = environments},
    SettingSpec{.name = "concurrency",
                .type = integer,
                .sentence = "Attempts at once.",
                .otherwise = "4",
                .least = 1,
                .most = 10000},
    SettingSpec{.name = "account-concurrency",
                .type = integer,
                .sentence = "Attempts at once for one account; the channel's own counts once for all customers who share it.",
                .otherwise = "2",
                .least = 1,
                .most = 10000},
    SettingSpec{.name = "per-second",
                .type = number,
                .sentence = "Attempts a second over all accounts; without it no pace is kept.",
                .least = 1,
                .most = 1'000'000 * thousand},
};

// channels/*.yaml, one window of maintenance
inline constexpr std::array maintenance_rows{
    SettingSpec{.name = "from",
                .type = text,
                .sentence = "When the peer stops to work, as in 2026-12-05T18:00:00+01:00.",
                .required = true},
    SettingSpec{.name = "until", .type = text, .sentence = "When it works again.", .required = true},
    SettingSpec{.name = "reason", .type = text, .sentence = "What was announced.", .required = true},
};
inline constexpr Table maintenance{.heading = "channels/NAME.yaml: one window of maintenance",
                                   .rows = maintenance_rows};
inline constexpr std::array channel_members{
    Member{.name = "account",
           .form = Form::account,
           .sentence = "The intermediary's own account, where the kind allows one: used by every customer without its "
                       "own."},
    Member{.name = "maintenance",
           .form = Form::list,
           .sentence = "Announced times in which nothing is sent to the peer and it is asked for nothing.",
           .of = &maintenance}};
inline constexpr Table channel{
    .heading = "channels/NAME.yaml: every kind of channel", .rows = channel_rows, .members = channel_members};

// An account, beside the kind's own table
inline constexpr std::array account_members{
    Member{.name = "environment",
           .form = Form::word,
           .sentence = "The channel's environment said again, so that an account never gets to the other one.",
           .choices = environments}};
inline constexpr Table account{.heading = "An account on any kind of channel", .members = account_members};

// policies.yaml, one policy
inline constexpr std::array policy_rows{
    SettingSpec{.name = "policy",
                .type = name,
                .sentence = "The policy's name; it may be left out where the policy stands under its name."},
    SettingSpec{.name = "retry.first",
                .type = duration,
                .sentence = "How long after a failed attempt the next one is.",
                .otherwise = "1m",
                .least = 1000,
                .most = 30 * days},
    SettingSpec{.name = "retry.factor",
                .type = number,
                .sentence = "By how much the time between attempts grows each time.",
                .otherwise = "2",
                .least = 1 * thousand,
                .most = 100 * thousand},
    SettingSpec{.name = "retry.jitter",
                .type = number,
                .sentence = "By how much that time varies.",
                .otherwise = "0.2",
                .least = 0,
                .most = 1 * thousand},
    SettingSpec{.name = "retry.most",
                .type = duration,
                .sentence = "The longest time between attempts.",
                .otherwise = "30m",
                .least = 1000,
                .most = 30 * days},
    SettingSpec{.name = "expire",
                .type = duration,
                .sentence = "How long after acceptance a delivery is given up.",
                .otherwise = "5d",
                .least = seconds},
    SettingSpec{.name = "attempts",
                .type = integer,
                .sentence = "Attempts after which a delivery is held; 0 is no limit.",
                .otherwise = "0",
                .least = 0,
                .most = 1'000'000},
    SettingSpec{.name = "in-doubt",
                .type = choice,
                .sentence = "What happens when nobody knows whether the peer took it.",
                .otherwise = "retry",
                .choices = retry_or_hold},
    SettingSpec{.name = "settled-by",
                .type = choice,
                .sentence = "What settles a delivery: the peer's receipt, or its answer.",
                .otherwise = "receipt",
                .choices = receipt_or_answer},
    SettingSpec{.name = "after-refusal",
                .type = choice,
                .sentence = "What a lane does after a refusal.",
                .otherwise = "continue",
                .choices = continue_or_hold},
    SettingSpec{.name = "reply-within",
                .type = duration,
                .sentence = "Silence longer than this after delivery opens an incident.",
                .least = seconds},
    SettingSpec{.name = "proof-within",
                .type = duration,
                .sentence = "How long the peer's proof may take after a hand-over.",
                .otherwise = "24h",
                .least = seconds},
    SettingSpec{.name = "escalation-stops-original",
                .type = boolean,
                .sentence = "Whether the last step of escalation cancels the delivery itself.",
                .otherwise = "false"},
    SettingSpec{.name = "report",
                .type = text_list,
                .sentence = "The states that the customer is told of.",
                .choices = delivery_states},
};

// policies.yaml, one step of escalate
inline constexpr std::array escalation_rows{
    SettingSpec{.name = "after",
                .type = duration,
                .sentence = "How long after acceptance the step is taken.",
                .required = true,
                .least = seconds},
    SettingSpec{.name = "to", .type = text, .sentence = "The channel that the notice goes to.", .required = true},
    SettingSpec{.name = "address", .type = text, .sentence = "Where on that channel, in its own words."},
    SettingSpec{.name = "with-original",
                .type = boolean,
                .sentence = "Whether the message's own parts go along.",
                .otherwise = "false"},
};
inline constexpr std::array escalation_members{
    Member{.name = "text",
           .form = Form::lines,
           .sentence = "The notice, with {message} {flow} {customer} {reference} {since} {reason} filled in."}};
inline constexpr Table escalation{
    .heading = "policies.yaml: one step of escalate", .rows = escalation_rows, .members = escalation_members};
inline constexpr std::array policy_members{Member{
    .name = "escalate", .form = Form::list, .sentence = "The steps of escalation, in their order.", .of = &escalation}};
inline constexpr Table policy{.heading = "policies.yaml: one policy", .rows = policy_rows, .members = policy_members};
inline constexpr std::array policies_members{
    Member{.name = "policies",
           .form = Form::list_or_names,
           .sentence = "The policies: a list, or a mapping by their names; `default` is that of every other delivery.",
           .of = &policy}};
inline constexpr Table policies{.heading = "policies.yaml", .members = policies_members};

// routes: one route
inline constexpr std::array route_rows{
    SettingSpec{.name = "route", .type = text, .sentence = "The route's name.", .required = true},
    SettingSpec{.name = "policy", .type = text, .sentence = "The policy of its deliveries."},
    SettingSpec{.name = "lane",
                .type = text,
                .sentence = "What shares this text leaves one after the other; {attributes} are filled in."},
    SettingSpec{.name = "lane-first",
                .type = boolean,
                .sentence = "Whether its deliveries go before what waits in the lane.",
                .otherwise = "false"},
    SettingSpec{.name = "reply-within",
                .type = duration,
                .sentence = "Silence longer than this after delivery opens an incident.",
                .least = seconds},
};
// The three words for where on a channel, of which a destination has one.
inline constexpr std::array<std::string_view, 3> address_words{"recipient", "folder", "address"};
inline constexpr std::array route_members{
    Member{.name = "when",
           .form = Form::condition,
           .sentence = "The condition on the message's attributes; none: every message."},
    Member{.name = "send",
           .form = Form::destinations,
           .sentence =
               "One destination or a list: `to` is a channel or `customer`; `recipient`, `folder` or `address` is "
               "where on it; everything else is handed to the adapter.",
           .required = true},
    Member{.name = "gate",
           .form = Form::texts,
           .sentence =
               "What a delivery waits for before it leaves: `operator`, `answer`, `attribute:NAME`, or a list of "
               "these.",
           .pattern = "^(?:operator|answer|attribute:.+)$"},
};
inline constexpr Table route{.heading = "routes.yaml: one route", .rows = route_rows, .members = route_members};

// examples: one example
inline constexpr std::array example_rows{
    SettingSpec{.name = "message",
                .type = text_map,
                .sentence = "The attributes of a message: from, customer, flow and others.",
                .required = true},
    SettingSpec{.name = "expect",
                .type = text,
                .sentence = "The name of the route that it must take, or unrouted.",
                .required = true},
};
inline constexpr Table example{.heading = "routes.yaml: one example", .rows = example_rows};
inline constexpr std::array routes_members{
    Member{
        .name = "routes", .form = Form::list, .sentence = "The routes; the first that matches is taken.", .of = &route},
    Member{.name = "examples",
           .form = Form::list,
           .sentence = "Messages and the routes that they must take; every check runs them.",
           .of = &example},
};
inline constexpr Table routes{.heading = "routes.yaml", .members = routes_members};

// customers/*.yaml
inline constexpr std::array customer_rows{
    SettingSpec{.name = "customer", .type = name, .sentence = "The customer's id.", .required = true},
    SettingSpec{.name = "name", .type = text, .sentence = "The customer's name; by default its id."},
    SettingSpec{.name = "identifiers",
                .type = text_map,
                .sentence = "Numbers and codes that the customer is known by: kvk, eori, edi."},
    SettingSpec{.name = "quota.messages-per-hour",
                .type = integer,
                .sentence = "Messages that it may hand in an hour, where that differs from gateway.yaml; 0 is no limit.",
                .least = 0},
    SettingSpec{.name = "quota.bytes-per-hour",
                .type = bytes,
                .sentence = "Octets that it may hand in an hour, where that differs; 0 is no limit.",
                .least = 0},
    SettingSpec{.name = "quota.connections",
                .type = integer,
                .sentence = "Connections that it may have open at once, where that differs; 0 is no limit.",
                .least = 0},
};
inline constexpr std::array customer_members{
    Member{.name = "accounts",
           .form = Form::accounts,
           .sentence = "By channel: the customer's account there, with the settings of the channel's kind."},
    Member{.name = "return",
           .form = Form::returns,
           .sentence = "The channels that answers and reports go to: a list, or a mapping of flows (`douane/*`, "
                       "`default`) to lists.",
           .required = true},
    Member{.name = "routes",
           .form = Form::list,
           .sentence = "Routes of this customer alone, tried before those of routes.yaml.",
           .of = &route},
};
inline constexpr Table customer{.heading = "customers/NAME.yaml", .rows = customer_rows, .members = customer_members};

// flows: one flow
inline constexpr std::array flow_rows{
    SettingSpec{.name = "flow", .type = text, .sentence = "The flow's name, as in douane/uitvoer.", .required = true},
    SettingSpec{.name = "authority", .type = text, .sentence = "The authority it belongs to."},
    SettingSpec{.name = "name", .type = text, .sentence = "What the authority calls it."},
    SettingSpec{.name = "direction", .type = choice, .sentence = "Who sends it.", .choices = directions},
    SettingSpec{.name = "media-type", .type = text, .sentence = "The media type of its payload."},
    SettingSpec{.name = "lane", .type = text, .sentence = "The lane of its deliveries when the route has none."},
    SettingSpec{.name = "address.test", .type = text, .sentence = "The recipient address of the test environment."},
    SettingSpec{
        .name = "address.production", .type = text, .sentence = "The recipient address of the production environment."},
};

// duplicate: when it is a mapping
inline constexpr std::array duplicate_rows{
    SettingSpec{.name = "content",
                .type = choice,
                .sentence = "What happens to the same bytes from the same customer.",
                .otherwise = "hold",
                .choices = duplicate_rules},
    SettingSpec{.name = "reference",
                .type = choice,
                .sentence = "What happens to the same interchange reference from the same customer.",
                .otherwise = "hold",
                .choices = duplicate_rules},
};
inline constexpr Table duplicate{.heading = "flows.yaml: duplicate as a mapping", .rows = duplicate_rows};
inline constexpr std::array flow_members{
    Member{.name = "recognise", .form = Form::conditions, .sentence = "Conditions of which any one names the flow."},
    Member{.name = "duplicate",
           .form = Form::word_or_mapping,
           .sentence = "What happens to a message handed in again: one word for both, or a mapping.",
           .of = &duplicate,
           .choices = duplicate_rules},
};
inline constexpr Table flow{.heading = "flows.yaml: one flow", .rows = flow_rows, .members = flow_members};
inline constexpr std::array flows_members{Member{
    .name = "flows", .form = Form::list, .sentence = "Flows of one's own, and more on delivered ones.", .of = &flow}};
inline constexpr Table flows{.heading = "flows.yaml", .members = flows_members};

inline constexpr std::array files{
    FileSpec{.kind = "gateway", .file = "gateway.yaml", .root = &gateway},
    FileSpec{.kind = "channels", .file = "channels/*.yaml", .root = &channel},
    FileSpec{.kind = "customers", .file = "customers/*.yaml", .root = &customer},
    FileSpec{.kind = "policies", .file = "policies.yaml", .root = &policies, .may_be_empty = true},
    FileSpec{.kind = "routes", .file = "routes.yaml", .root = &routes, .may_be_empty = true},
    FileSpec{.kind = "flows", .file = "flows.yaml", .root = &flows, .may_be_empty = true},
};

}  // namespace tables

}  // namespace sluis::config
