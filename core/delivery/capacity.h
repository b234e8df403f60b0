// What may start now: per channel its concurrency, pace and breaker, per customer and account theirs. Gives the store
// the Holds of a claim.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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

// account_concurrency counts per account. Customers without one of their own share the channel's: what it carries is
// counted once, however many they are, and its breaker stops them all. They take turns: the store's round over
// customers passes over those that are closed, and would come out behind a customer of another account at the same one
// each time. [Threading] the engine's thread.
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
    // Turns on the account that is shared: who had one in this round, whether another account was used since the last
    // one, and how many places the last holds() offered to the others and how many were taken.
    std::set<std::string> had_turn;
    bool elsewhere = false;
    std::size_t offered = 0, begun = 0;
    // Places were left over although everybody else could have had them.
    [[nodiscard]] bool round_is_over() const { return elsewhere && begun < offered && !had_turn.empty(); }
  };
  std::optional<Holds::Room> room(const Generation& generation, const ChannelConfig& config, ChannelLoad& load,
                                  MonoTime now);

  std::map<std::string, ChannelLoad, std::less<>> channels_;
};

}  // namespace sluis
