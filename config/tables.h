// The configuration's own settings as data; `sluis schema` and the reference pages are made from them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/channel/settings.h"

namespace sluis::config {

namespace tables {

constexpr std::int64_t seconds = 1'000'000;
constexpr std::int64_t hours = 3600 * seconds;
constexpr std::int64_t days = 24 * hours;
constexpr std::int64_t mebibytes = std::int64_t{1} << 20;

inline constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};
inline constexpr std::array<std::string_view, 3> log_formats{"auto", "text", "json"};
inline constexpr std::array<std::string_view, 2> environments{"test", "production"};
inline constexpr std::array<std::string_view, 2> retry_or_hold{"retry", "hold"};
inline constexpr std::array<std::string_view, 2> continue_or_hold{"continue", "hold"};
inline constexpr std::array<std::string_view, 2> receipt_or_answer{"receipt", "answer"};
inline constexpr std::array<std::string_view, 3> directions{"submission", "answer", "both"};
inline constexpr std::array<std::string_view, 3> duplicate_rules{"hold", "refuse", "accept"};
inline constexpr std::array<std::string_view, 9> delivery_states{
    "queued", "sending", "awaiting", "delivered", "blocked", "held", "rejected", "expired", "cancelled"};

using enum SettingType;

// gateway.yaml, beside `listeners`
inline constexpr std::array gateway{
    SettingSpec{.name = "gateway.name",
                .type = text,
                .sentence = "The gateway's name, in its reports and in what it tells its peers.",
                .required = true},
    SettingSpec{
        .name = "gateway.data", .type = text, .sentence = "The data directory, an absolute path.", .required = true},
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
    SettingSpec{.name = "limits.low-water",
                .type = bytes,
                .sentence = "Free space in the data directory below which nothing more is accepted.",
                .otherwise = "1GiB",
                .least = 16 * mebibytes},
};
inline constexpr std::array<std::string_view, 1> gateway_others{"listeners"};

// listeners.<name>
inline constexpr std::array listener{
    SettingSpec{.name = "address", .type = address, .sentence = "Where it listens, as address:port.", .required = true},
    SettingSpec{.name = "tls.certificate", .type = path, .sentence = "The certificate with its chain, a PEM file."},
    SettingSpec{.name = "tls.key", .type = secret, .sentence = "The certificate's private key in PEM."},
};

// channels/*.yaml, beside the kind's own table
inline constexpr std::array channel{
    SettingSpec{.name = "channel", .type = text, .sentence = "The channel's name.", .required = true},
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
                .sentence = "Attempts at once for one account.",
                .otherwise = "2",
                .least = 1,
                .most = 10000},
};
inline constexpr std::array<std::string_view, 2> channel_others{"per-second", "account"};

// customers/*.yaml
inline constexpr std::array customer{
    SettingSpec{.name = "customer", .type = text, .sentence = "The customer's id.", .required = true},
    SettingSpec{.name = "name", .type = text, .sentence = "The customer's name; by default its id."},
    SettingSpec{.name = "identifiers",
                .type = text_map,
                .sentence = "Numbers and codes that the customer is known by: kvk, eori, edi."},
};
inline constexpr std::array<std::string_view, 3> customer_others{"accounts", "return", "routes"};

// policies.yaml, one policy
inline constexpr std::array policy{
    SettingSpec{.name = "policy", .type = text, .sentence = "The policy's name."},
    SettingSpec{.name = "retry.first",
                .type = duration,
                .sentence = "How long after a failed attempt the next one is.",
                .otherwise = "1m",
                .least = 1000,
                .most = 30 * days},
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
inline constexpr std::array<std::string_view, 3> policy_others{"retry.factor", "retry.jitter", "escalate"};

// escalate: one step
inline constexpr std::array escalation{
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
inline constexpr std::array<std::string_view, 1> escalation_others{"text"};

// routes: one route
inline constexpr std::array route{
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
inline constexpr std::array<std::string_view, 3> route_others{"when", "send", "gate"};

// flows: one flow
inline constexpr std::array flow{
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
inline constexpr std::array<std::string_view, 2> flow_others{"recognise", "duplicate"};

// duplicate: when it is a mapping
inline constexpr std::array duplicate{
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

}  // namespace tables

}  // namespace sluis::config
