// What may start now: per channel its concurrency, pace and breaker, per customer and account theirs. Gives the store
// the Holds of a claim.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/breaker.h"
#include "core/delivery/channel_directory.h"
#include "core/delivery/generation.h"
#include "core/delivery/pace.h"
#include "core/store/store.h"

namespace sluis {

// What an attempt's end says of the peer.
enum class PeerSign {
  alive,            // it answered: taken, refused, or this one message not now
  account_trouble,  // everything of this account would fail
  channel_trouble,  // everything of this channel would
  unknown           // the attempt was dropped: nothing can be said
};

// account_concurrency counts per customer; an account that several customers share is bounded by the channel's own
// concurrency, else the intermediary's account would carry two attempts where the peer takes many.
// [Threading] the engine's thread.
class Capacity {
 public:
  void begin(const Destination& destination, const std::string& customer);
  void end(const Destination& destination, const std::string& customer);
  // The incidents that this end opens or closes.
  std::vector<IncidentChange> ended(const Destination& destination, PeerSign sign, const std::string& reason,
                                    const EngineSettings& settings, MonoTime now, WallTime wall);
  [[nodiscard]] Holds holds(const Generation& generation, const ChannelDirectory& channels, MonoTime now);
  // When a pace or a pause gives room again; none when nothing waits for one.
  [[nodiscard]] std::optional<MonoTime> next_room(MonoTime now);
  [[nodiscard]] std::size_t breakers_open(std::string_view channel, MonoTime now) const;

 private:
  struct ChannelLoad {
    std::size_t in_flight = 0;
    std::map<std::string, std::size_t, std::less<>> by_customer;
    std::map<std::string, std::size_t, std::less<>> by_account;
    std::map<std::string, Breaker, std::less<>> accounts;
    Breaker breaker;
    Pace pace;
    bool paced_out = false;  // the last holds() found no token
  };
  std::optional<Holds::Room> room(const Generation& generation, const ChannelConfig& config, ChannelLoad& load,
                                  MonoTime now);

  std::map<std::string, ChannelLoad, std::less<>> channels_;
};

}  // namespace sluis
