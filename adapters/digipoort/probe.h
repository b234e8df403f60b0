// `sluis probe` of a digipoort channel: DNS or the proxy, TCP, TLS, EHLO, AUTH; POP3 login and listing. Sends and deletes nothing.
#pragma once

#include "adapters/digipoort/profile.h"
#include "core/channel/channel.h"

namespace sluis::digipoort {

// [Threading] blocks until done or the timeouts of the settings; not on an event loop.
void probe_submission(const ChannelConfig& config, ChannelContext& context, const Account& account,
                      ProbeReport& report);
void probe_retrieval(const ChannelConfig& config, ChannelContext& context, const Account& account, ProbeReport& report);

}  // namespace sluis::digipoort
