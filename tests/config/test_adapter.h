// Two kinds of channel with small tables, in the place of real adapters.
#pragma once

#include "core/channel/plugin.h"

namespace sluis::config::tests {

// Kinds: "authority" (submit.host required, submit.port, submit.tls, submit.password secret, every, names, headers;
// accounts with username, password, mailbox unique; tells customers apart by "edi"; may have its own account) and
// "drop" (customers' folders: pickup, deliver, both unique). Its own check refuses tls `none` to a port other than 25.
const AdapterRegistry& test_registry();

}  // namespace sluis::config::tests
