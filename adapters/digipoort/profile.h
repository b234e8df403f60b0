// The channel's settings as the submission and the retrieval use them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/digipoort/wire_mail.h"
#include "core/channel/adapter.h"
#include "core/net/connector.h"
#include "core/net/tls.h"
#include "protocols/pop3/client.h"
#include "protocols/smtp/client.h"

namespace sluis::digipoort {

// The TLS of one connection. No context: clear text.
struct ClientTls {
  std::shared_ptr<const net::TlsContext> context;  // shared: connections keep it over a reload
  bool certificate = false;                        // a client certificate is shown to a server that asks
};

// TLS as the channel has it, and what is needed to make it with an account's certificate instead.
struct ChannelTls {
  net::TlsSettings settings;
  ClientTls own;
};

struct SubmitProfile {
  net::ConnectRequest connect;
  smtp::ClientConfig client;  // without credentials
  ChannelTls tls;
  std::size_t sessions = 2;  // at once for one account
  std::uint64_t size_most = 0;
  MailProfile mail;
};

struct RetrieveProfile {
  bool enabled = false;
  net::ConnectRequest connect;
  pop3::ClientConfig client;  // without credentials
  ChannelTls tls;
  Duration every{}, back_off{};
  double jitter = 0.1;
  std::size_t mails_most = 500;  // of one session
  Duration session_most{};
  std::size_t sessions = 10;  // at once over all mailboxes
  bool leave_on_server = false;
  std::uint64_t content_most = 0;
};

// Loads certificates and trust from disk. [Errors] of TlsContext, naming the setting.
Result<SubmitProfile> submit_profile(const ChannelConfig& config, const std::string& gateway);
Result<RetrieveProfile> retrieve_profile(const ChannelConfig& config);

// The channel's TLS, or TLS with the account's own certificate. [Threading] blocks on the disk when the account has
// one: it is read anew for each connection, so that a renewed one is used without a reload. [Errors] of TlsContext.
Result<ClientTls> tls_for(const ChannelTls& channel, const Account& account);
[[nodiscard]] bool has_own_certificate(const Account& account);
// True when this end of a connection is the server's no to our client certificate, or to the lack of one.
[[nodiscard]] bool certificate_refused(const Error& reason);

// What one account may use.
sasl::Credentials submit_credentials(const Account& account);
sasl::Credentials retrieve_credentials(const Account& account);

}  // namespace sluis::digipoort
