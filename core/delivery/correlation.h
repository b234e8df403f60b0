// Which message an arrival belongs to: the one that carries a reference it echoes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/channel/arrival.h"
#include "core/delivery/generation.h"
#include "core/store/store.h"

namespace sluis {

struct Correlation {
  std::optional<MessageRecord> original;   // none: it answers nothing we know
  std::optional<DeliveryRecord> delivery;  // the delivery of the original that it answers
  std::string conflict;                    // not empty: several customers could be meant; never guess
};

// Asks the keys in order, best first; the first that leads anywhere decides. Matches of another environment, and when
// `customer` is known of another customer, are not seen. Of one customer's own matches the newest open one is it: a
// reference used again belongs to its last use. `channel` is where it arrived. Errors are the store's.
Result<Correlation> correlate(Reader& reader, const std::vector<Reference>& keys, const std::string& customer,
                              const std::string& channel, const Generation& generation);

// The correlation that is given, not found: a synchronous answer belongs to the delivery whose attempt brought it.
Result<Correlation> correlated_to(Reader& reader, const MessageId& message, std::optional<DeliveryId> delivery);

}  // namespace sluis
