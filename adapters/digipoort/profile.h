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

struct SubmitProfile {
  net::ConnectRequest connect;
  smtp::ClientConfig client;                   // without credentials
  std::shared_ptr<const net::TlsContext> tls;  // shared: connections keep it over a reload
  bool has_client_certificate = false;
  std::size_t sessions = 2;  // at once for one account
  std::uint64_t size_most = 0;
  MailProfile mail;
};

struct RetrieveProfile {
  bool enabled = false;
  net::ConnectRequest connect;
  pop3::ClientConfig client;  // without credentials
  std::shared_ptr<const net::TlsContext> tls;
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

// What one account may use.
sasl::Credentials submit_credentials(const Account& account);
sasl::Credentials retrieve_credentials(const Account& account);

}  // namespace sluis::digipoort
