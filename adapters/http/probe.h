// Whether a customer's webhook can be reached: DNS, TCP and TLS, and nothing is sent.
#pragma once

#include <memory>

#include "core/channel/channel.h"
#include "core/net/tls.h"

namespace sluis::http {

// Blocks, at most half a minute.
void probe_webhook(const Account& account, const Network& network, std::shared_ptr<const net::TlsContext> tls,
                   ProbeReport& report);

}  // namespace sluis::http
