// Where the engine and the intake find channels: the gateway's list, behind two questions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/channel.h"

namespace sluis {

// What an operator has paused of a channel: one customer's deliveries, one flow's, or one flow's of one customer. A flow
// is its name, or a prefix with "/*". At least one of the two is said; a whole channel that is paused is not open.
struct PausedPart {
  std::string customer, flow;  // empty: any
};

// [Ownership] the gateway's; outlives engine and intake. [Threading] any thread, never blocks.
class SLUIS_CORE_API ChannelDirectory {
 public:
  virtual ~ChannelDirectory() = default;
  // The channel with this name, or null when there is none (not configured, or it could not be made). A channel that is
  // down is still found: identify() is pure and needs no peer.
  // Shared: a reload may drop a channel while an attempt is being handed to it.
  [[nodiscard]] virtual std::shared_ptr<Channel> find(std::string_view name) const = 0;
  // Whether deliveries may go to it now: started, up, not resting.
  [[nodiscard]] virtual bool open(std::string_view name) const = 0;
  // Whether it is paused whole, or in an announced maintenance window: its peer's silence then means nothing.
  [[nodiscard]] virtual bool resting(std::string_view /*name*/) const { return false; }
  [[nodiscard]] virtual std::vector<PausedPart> paused_parts(std::string_view /*name*/) const { return {}; }
};

}  // namespace sluis
