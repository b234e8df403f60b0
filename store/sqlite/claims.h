// What this node has claimed: deliveries handed to the engine and not yet given back. Volatile: after a crash nothing
// is claimed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/store/store.h"
#include "store/sqlite/connection.h"

namespace sluis::sqlite {

// [Threading] any thread; one claim at a time.
class Claims {
 public:
  struct Taken {
    std::vector<Claim> claims;
    std::vector<DeliveryId> corrupt;  // claimed as well, so that they are not met again; the caller makes them `held`
  };
  // A skip-scan over (channel, customer): each group costs one index look-up, however long its queue. In each channel
  // it begins after the customer that was served last, and deals in turn, one of each customer a round. Throws Failure.
  Taken take(Connection& db, const Holds& holds, WallTime now);
  void release(const std::vector<DeliveryId>& deliveries);
  // The earliest due time of queued deliveries of the channel that are not claimed. Throws Failure.
  std::optional<WallTime> next_due(Connection& db, const std::string& channel);

 private:
  using Group = std::pair<std::string, std::string>;  // channel, customer
  // Of a group with paused flows every due row before the ones that may go is looked at.
  std::vector<DeliveryId> due(Connection& db, const Group& group, const std::vector<std::string>& closed_flows,
                              WallTime now, std::size_t most);

  std::mutex mutex_;
  std::unordered_map<std::int64_t, Group> claimed_;
  std::map<Group, std::size_t> claimed_of_;         // how many of each group: how far a look must read past
  std::map<std::string, std::string> last_served_;  // by channel
};

}  // namespace sluis::sqlite
