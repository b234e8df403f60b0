#include "adapters/digipoort/profile.h"

#include <fmt/format.h>

#include "core/channel/outgoing.h"

namespace sluis::digipoort {

namespace {

Result<ChannelTls> channel_tls(const Settings& settings, const std::string& section) {
  ChannelTls tls;
  tls.settings.role = net::TlsRole::client;
  tls.settings.ca_file = settings.text(section + ".ca");
  tls.settings.certificate_file = settings.text(section + ".certificate");
  tls.settings.key_pem = settings.secret(section + ".key");
  tls.settings.pins = settings.list(section + ".pins");
  auto context = net::TlsContext::make(tls.settings);
  if (!context) return context.error().in(section);
  tls.own = {std::move(*context), !tls.settings.certificate_file.empty()};
  return tls;
}

net::ConnectRequest connect_request(const Settings& settings, const std::string& section) {
  net::ConnectRequest request;
  request.host = settings.text(section + ".host");
  request.port = static_cast<std::uint16_t>(settings.integer(section + ".port"));
  request.connect_timeout = settings.duration(section + ".connect-timeout");
  request.resolve_timeout = settings.duration(section + ".connect-timeout");
  apply_outgoing(settings, section + ".", request);
  return request;
}

}  // namespace

Result<SubmitProfile> submit_profile(const ChannelConfig& config, const std::string& gateway) {
  const Settings& s = config.settings;
  SubmitProfile profile;
  profile.connect = connect_request(s, "submit");
  smtp::ClientConfig& client = profile.client;
  client.ehlo = s.text("submit.ehlo").empty() ? gateway : s.text("submit.ehlo");
  const std::string tls = s.text("submit.tls");
  client.tls = tls == "starttls"   ? smtp::TlsMode::starttls_required
               : tls == "implicit" ? smtp::TlsMode::implicit
                                   : smtp::TlsMode::none;
  for (const std::string& name : s.list("submit.auth"))
    if (const auto mechanism = sasl::parse_mechanism(name)) client.mechanisms.push_back(*mechanism);
  client.allow_clear_auth = client.tls == smtp::TlsMode::none && s.boolean("clear-text-login");
  client.want_dsn = s.boolean("submit.dsn");
  client.pipelining = s.boolean("submit.pipelining");
  client.max_transactions = static_cast<std::size_t>(s.integer("submit.mails-per-session"));
  client.max_size = static_cast<std::uint64_t>(s.integer("submit.max-size"));
  client.timeouts.greeting = s.duration("submit.timeouts.greeting");
  client.timeouts.ehlo = client.timeouts.starttls = client.timeouts.auth = s.duration("submit.timeouts.ehlo");
  client.timeouts.mail = s.duration("submit.timeouts.mail");
  client.timeouts.rcpt = s.duration("submit.timeouts.rcpt");
  client.timeouts.data = s.duration("submit.timeouts.data");
  client.timeouts.block = s.duration("submit.timeouts.block");
  client.timeouts.final_dot = s.duration("submit.timeouts.final-dot");
  client.timeouts.idle = s.duration("submit.idle");
  if (client.tls != smtp::TlsMode::none) {
    auto made = channel_tls(s, "submit");
    if (!made) return made.error();
    profile.tls = std::move(*made);
  }
  profile.sessions = static_cast<std::size_t>(s.integer("submit.sessions"));
  profile.size_most = client.max_size;
  profile.mail.form = s.text("mail.form") == "attachment" ? mime::Form::attachment : mime::Form::body;
  profile.mail.subject = s.text("mail.subject");
  profile.mail.cover_text = s.text("mail.cover-text");
  profile.mail.media_types = s.map("mail.media-types");
  profile.mail.domain = s.text("mail.message-id-domain").empty() ? client.ehlo : s.text("mail.message-id-domain");
  return profile;
}

Result<RetrieveProfile> retrieve_profile(const ChannelConfig& config) {
  const Settings& s = config.settings;
  RetrieveProfile profile;
  profile.enabled = !s.text("retrieve.host").empty();
  if (!profile.enabled) return profile;
  profile.connect = connect_request(s, "retrieve");
  const std::string tls = s.text("retrieve.tls");
  profile.client.tls = tls == "implicit" ? pop3::TlsMode::implicit
                       : tls == "stls"   ? pop3::TlsMode::stls_required
                                         : pop3::TlsMode::none;
  profile.client.allow_clear = profile.client.tls == pop3::TlsMode::none && s.boolean("clear-text-login");
  profile.client.mechanisms.clear();
  for (const std::string& name : s.list("retrieve.auth"))
    if (const auto mechanism = sasl::parse_mechanism(name)) profile.client.mechanisms.push_back(*mechanism);
  profile.client.timeouts.greeting = s.duration("retrieve.timeouts.greeting");
  profile.client.timeouts.command = s.duration("retrieve.timeouts.command");
  profile.client.timeouts.block = s.duration("retrieve.timeouts.block");
  profile.client.timeouts.quit = s.duration("retrieve.timeouts.quit");
  profile.client.limits.mail_octets = static_cast<std::uint64_t>(s.integer("retrieve.max-size"));
  profile.content_most = profile.client.limits.mail_octets;
  if (profile.client.tls != pop3::TlsMode::none) {
    auto made = channel_tls(s, "retrieve");
    if (!made) return made.error();
    profile.tls = std::move(*made);
  }
  profile.every = s.duration("retrieve.every");
  profile.back_off = std::max(s.duration("retrieve.back-off"), profile.every);
  profile.jitter = static_cast<double>(s.integer("retrieve.jitter")) / 100.0;
  profile.mails_most = static_cast<std::size_t>(s.integer("retrieve.mails-per-session"));
  profile.session_most = s.duration("retrieve.session-time");
  profile.sessions = static_cast<std::size_t>(s.integer("retrieve.sessions"));
  profile.leave_on_server = s.boolean("retrieve.leave-on-server");
  return profile;
}

bool has_own_certificate(const Account& account) {
  return !account.settings.text("certificate").empty() || !account.settings.secret("key").empty();
}

Result<ClientTls> tls_for(const ChannelTls& channel, const Account& account) {
  if (channel.own.context == nullptr || !has_own_certificate(account)) return channel.own;
  net::TlsSettings settings = channel.settings;
  settings.certificate_file = account.settings.text("certificate");
  settings.key_pem = account.settings.secret("key");
  auto context = net::TlsContext::make(settings);
  if (!context) return context.error().in("the account's certificate");
  return ClientTls{std::move(*context), true};
}

bool certificate_refused(const Error& reason) {
  // Alerts of RFC 8446 §6.2 that a server sends about the client's certificate: bad, unsupported, revoked, expired,
  // unknown, required, and unknown_ca. The words are the library's, the code is ours.
  return reason.code == "tls.alert" &&
         (reason.what.find("certificate") != std::string::npos || reason.what.find("unknown ca") != std::string::npos);
}

sasl::Credentials submit_credentials(const Account& account) {
  return {account.settings.text("username"), account.settings.secret("password")};
}

sasl::Credentials retrieve_credentials(const Account& account) {
  sasl::Credentials credentials = submit_credentials(account);
  if (const std::string username = account.settings.text("retrieve-username"); !username.empty())
    credentials.username = username;
  if (Secret password = account.settings.secret("retrieve-password"); !password.empty())
    credentials.password = std::move(password);
  return credentials;
}

}  // namespace sluis::digipoort
