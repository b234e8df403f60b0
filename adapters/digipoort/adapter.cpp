// The `digipoort` adapter: its settings and its registration.
#include <fmt/format.h>

#include <array>

#include "adapters/digipoort/channel.h"
#include "core/channel/outgoing.h"
#include "core/channel/plugin.h"

namespace sluis::digipoort {

namespace {

using enum SettingType;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::array<std::string_view, 3> submit_tls{"starttls", "implicit", "none"};
constexpr std::array<std::string_view, 3> retrieve_tls{"implicit", "stls", "none"};
constexpr std::array<std::string_view, 2> forms{"body", "attachment"};

// The wire profile is not public; defaults follow protocols/digipoort.md §1.3 and §9, timeouts RFC 5321 §4.5.3.2.
constexpr std::array submit_settings{
    SettingSpec{.name = "submit.host",
                .type = host,
                .sentence = "The submission server, as the connection team mailed it.",
                .required = true},
    SettingSpec{
        .name = "submit.port", .type = integer, .sentence = "Its port.", .otherwise = "587", .least = 1, .most = 65535},
    SettingSpec{.name = "submit.tls",
                .type = choice,
                .sentence = "How TLS begins; none is for a peer inside a tunnel of its own.",
                .otherwise = "starttls",
                .choices = submit_tls},
    SettingSpec{
        .name = "submit.ca", .type = path, .sentence = "Whom to trust: a PEM bundle; by default the system's store."},
    SettingSpec{
        .name = "submit.pins",
        .type = text_list,
        .sentence =
            "Certificates that are accepted, as spki:sha256:<hex> or leaf:sha256:<hex>; none: any that is valid."},
    SettingSpec{.name = "submit.certificate",
                .type = path,
                .sentence = "A client certificate with its chain (PEM), when the server asks for one."},
    SettingSpec{.name = "submit.key", .type = secret, .sentence = "The client certificate's private key in PEM."},
    SettingSpec{.name = "submit.auth",
                .type = text_list,
                .sentence = "SASL mechanisms in order of preference: PLAIN, LOGIN, CRAM-MD5, EXTERNAL.",
                .otherwise = "PLAIN, LOGIN"},
    SettingSpec{.name = "submit.ehlo", .type = host, .sentence = "Our name in EHLO; by default the gateway's name."},
    SettingSpec{.name = "submit.sessions",
                .type = integer,
                .sentence = "Sessions at once for one account.",
                .otherwise = "2",
                .least = 1,
                .most = 100},
    SettingSpec{.name = "submit.mails-per-session",
                .type = integer,
                .sentence = "Mails after which a session is ended.",
                .otherwise = "100",
                .least = 1,
                .most = 100'000},
    SettingSpec{.name = "submit.idle",
                .type = duration,
                .sentence = "How long a session without mail is kept.",
                .otherwise = "60s",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.max-size",
                .type = bytes,
                .sentence = "The largest mail, encoded; the server's SIZE counts when it is smaller.",
                .otherwise = "10MiB",
                .least = 1024},
    SettingSpec{.name = "submit.dsn",
                .type = boolean,
                .sentence = "Ask for delivery reports (RFC 3461) when the server offers them.",
                .otherwise = "true"},
    SettingSpec{.name = "submit.pipelining",
                .type = boolean,
                .sentence = "Use PIPELINING when the server offers it.",
                .otherwise = "true"},
    SettingSpec{.name = "submit.connect-timeout",
                .type = duration,
                .sentence = "For the look-up of the name, and for each address.",
                .otherwise = "30s",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.greeting",
                .type = duration,
                .sentence = "For the greeting.",
                .otherwise = "5m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.ehlo",
                .type = duration,
                .sentence = "For the answers to EHLO, STARTTLS and AUTH.",
                .otherwise = "5m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.mail",
                .type = duration,
                .sentence = "For the answer to MAIL.",
                .otherwise = "5m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.rcpt",
                .type = duration,
                .sentence = "For the answer to RCPT.",
                .otherwise = "5m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.data",
                .type = duration,
                .sentence = "For the answer to DATA.",
                .otherwise = "2m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.block",
                .type = duration,
                .sentence = "For each piece of the content to leave.",
                .otherwise = "3m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "submit.timeouts.final-dot",
                .type = duration,
                .sentence = "For the answer to the final dot; shorter makes duplicates.",
                .otherwise = "10m",
                .least = second / 10,
                .most = hour},
};

constexpr std::array retrieve_settings{
    SettingSpec{.name = "retrieve.host", .type = host, .sentence = "The POP3 server; none: nothing is retrieved."},
    SettingSpec{.name = "retrieve.port",
                .type = integer,
                .sentence = "Its port.",
                .otherwise = "995",
                .least = 1,
                .most = 65535},
    SettingSpec{.name = "retrieve.tls",
                .type = choice,
                .sentence = "How TLS begins; none is for a peer inside a tunnel of its own.",
                .otherwise = "implicit",
                .choices = retrieve_tls},
    SettingSpec{
        .name = "retrieve.ca", .type = path, .sentence = "Whom to trust: a PEM bundle; by default the system's store."},
    SettingSpec{
        .name = "retrieve.pins", .type = text_list, .sentence = "Certificates that are accepted, as for submit.pins."},
    SettingSpec{.name = "retrieve.certificate",
                .type = path,
                .sentence = "A client certificate with its chain (PEM), when the server asks for one."},
    SettingSpec{.name = "retrieve.key", .type = secret, .sentence = "The client certificate's private key in PEM."},
    SettingSpec{.name = "retrieve.auth",
                .type = text_list,
                .sentence = "SASL mechanisms in order of preference; USER and PASS when the server offers none.",
                .otherwise = "PLAIN"},
    SettingSpec{.name = "retrieve.every",
                .type = duration,
                .sentence = "How often each mailbox is visited; in production not below 60s.",
                .otherwise = "2m",
                .least = second / 10,
                .most = 24 * hour},
    SettingSpec{.name = "retrieve.jitter",
                .type = integer,
                .sentence = "By how many per cent the interval varies.",
                .otherwise = "10",
                .least = 0,
                .most = 50},
    SettingSpec{.name = "retrieve.back-off",
                .type = duration,
                .sentence = "The longest interval, after repeated failures.",
                .otherwise = "15m",
                .least = second / 10,
                .most = 24 * hour},
    SettingSpec{.name = "retrieve.sessions",
                .type = integer,
                .sentence = "Mailboxes visited at once.",
                .otherwise = "10",
                .least = 1,
                .most = 1000},
    SettingSpec{.name = "retrieve.mails-per-session",
                .type = integer,
                .sentence = "Mails taken on one visit; the rest comes on the next, at once.",
                .otherwise = "500",
                .least = 1,
                .most = 100'000},
    SettingSpec{.name = "retrieve.session-time",
                .type = duration,
                .sentence = "How long one visit takes mails.",
                .otherwise = "10m",
                .least = second,
                .most = hour},
    SettingSpec{.name = "retrieve.max-size",
                .type = bytes,
                .sentence = "A larger mail stays in the mailbox, with an incident.",
                .otherwise = "64MiB",
                .least = 1024},
    SettingSpec{.name = "retrieve.leave-on-server",
                .type = boolean,
                .sentence = "Delete nothing; for trials.",
                .otherwise = "false"},
    SettingSpec{.name = "retrieve.connect-timeout",
                .type = duration,
                .sentence = "For the look-up of the name, and for each address.",
                .otherwise = "30s",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "retrieve.timeouts.greeting",
                .type = duration,
                .sentence = "For the greeting.",
                .otherwise = "60s",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "retrieve.timeouts.command",
                .type = duration,
                .sentence = "For the answer to a command.",
                .otherwise = "2m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "retrieve.timeouts.block",
                .type = duration,
                .sentence = "For each 64 KiB of a mail: the slowest rate borne.",
                .otherwise = "3m",
                .least = second / 10,
                .most = hour},
    SettingSpec{.name = "retrieve.timeouts.quit",
                .type = duration,
                .sentence = "For the answer to QUIT.",
                .otherwise = "60s",
                .least = second / 10,
                .most = hour},
};

constexpr std::array mail_settings{
    SettingSpec{.name = "mail.form",
                .type = choice,
                .sentence = "The payload is the mail's body, or an attachment behind a text.",
                .otherwise = "body",
                .choices = forms},
    SettingSpec{.name = "mail.subject",
                .type = text,
                .sentence = "The subject, with {attribute} filled in; a route's `subject` goes before.",
                .otherwise = "{reference}"},
    SettingSpec{.name = "mail.cover-text",
                .type = text,
                .sentence = "The text in front of an attachment.",
                .otherwise = "The message is in the attachment."},
    SettingSpec{.name = "mail.message-id-domain",
                .type = host,
                .sentence = "The right side of Message-ID; by default our name in EHLO."},
    SettingSpec{.name = "mail.media-types",
                .type = text_map,
                .sentence = "The media type by flow, where it is not the one of the content."},

    SettingSpec{.name = "clear-text-login",
                .type = boolean,
                .sentence = "Log in without TLS where tls is none: only inside a tunnel.",
                .otherwise = "false"},
};

constexpr auto settings = joined_tables(submit_settings, outgoing_settings<"submit.">, retrieve_settings,
                                        outgoing_settings<"retrieve.">, mail_settings);

constexpr std::array account{
    SettingSpec{.name = "username", .type = text, .sentence = "The name to log in with.", .required = true},
    SettingSpec{.name = "password",
                .type = secret,
                .sentence = "Its password; none where a client certificate is the credential."},
    SettingSpec{.name = "certificate",
                .type = path,
                .sentence = "A client certificate of this account, with its chain (PEM), in place of the channel's."},
    SettingSpec{.name = "key", .type = secret, .sentence = "That certificate's private key in PEM."},
    SettingSpec{.name = "mailbox",
                .type = text,
                .sentence = "The mail address at Digipoort: sender of what is submitted.",
                .required = true},
    SettingSpec{.name = "retrieve-username", .type = text, .sentence = "The name for POP3, when it is another."},
    SettingSpec{.name = "retrieve-password", .type = secret, .sentence = "The password for POP3, when it is another."},
};

constexpr std::array<std::string_view, 1> demultiplexes{"edi"};
constexpr std::array<std::string_view, 2> unique{"username", "mailbox"};

constexpr std::array kinds{
    ChannelKind{.name = "digipoort",
                .sentence = "Digipoort or the Customs gateway (HTG): submission by SMTP-MSA, retrieval by POP3.",
                .settings = settings,
                .account = account,
                .own_account = true,
                .demultiplexes_by = demultiplexes,
                .unique_account_settings = unique}};

// The rule of TlsContext, here without a file or a store being read.
bool is_pin(std::string_view text) {
  if (!text.starts_with("spki:sha256:") && !text.starts_with("leaf:sha256:")) return false;
  const std::string_view hex = text.substr(12);
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// An error begins with the setting that is there, for that is its place. `prefix` empty: the channel's own account.
void check_pair(const Settings& given, const std::string& prefix, std::vector<Error>& errors) {
  const bool certificate = !given.text(prefix + "certificate").empty();
  if (certificate == !given.secret(prefix + "key").empty()) return;
  const std::string place = prefix.empty() ? "account." : prefix;
  errors.emplace_back("setting.pair",
                      fmt::format("{0}{1}: needs {0}{2} beside it", place, certificate ? "certificate" : "key",
                                  certificate ? "key" : "certificate"));
}

class DigipoortAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "digipoort"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override { return digipoort::kinds; }
  [[nodiscard]] std::vector<Error> check(const ChannelConfig& config) const override {
    std::vector<Error> errors;
    const Settings& s = config.settings;
    for (const char* const list : {"submit.auth", "retrieve.auth"})
      for (const std::string& mechanism : s.list(list))
        if (!sasl::parse_mechanism(mechanism))
          errors.emplace_back("setting.type",
                              fmt::format("{}: \"{}\" is none of PLAIN, LOGIN, CRAM-MD5, EXTERNAL", list, mechanism));
    for (const std::string section : {"submit", "retrieve"}) {
      check_pair(s, section + ".", errors);
      check_outgoing(s, section + ".", errors);
      for (const std::string& pin : s.list(section + ".pins"))
        if (!is_pin(pin))
          errors.emplace_back(
              "setting.type",
              fmt::format("{}.pins: \"{}\": write spki:sha256: or leaf:sha256: and 64 lower-case hexadecimal digits",
                          section, pin));
    }
    if (config.own_account != nullptr) check_pair(config.own_account->settings, "", errors);
    if (config.environment == Environment::production && s.duration("retrieve.every") < 60s)
      errors.emplace_back("setting.bounds", "retrieve.every: in production a mailbox is visited at most once in 60s");
    const bool clear = s.text("submit.tls") == "none" || s.text("retrieve.tls") == "none";
    if (s.boolean("clear-text-login") && !clear)
      errors.emplace_back("setting.pair", "clear-text-login: has no meaning while TLS is used; remove it");
    return errors;
  }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig& config, ChannelContext& context) const override {
    return std::unique_ptr<Channel>(std::make_unique<DigipoortChannel>(config, context));
  }
};

}  // namespace

}  // namespace sluis::digipoort

SLUIS_PLUGIN(digipoort, sluis::digipoort::DigipoortAdapter)
