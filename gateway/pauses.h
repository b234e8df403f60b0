// What operators have paused: durable, in force until it is lifted or its time is over.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/channel_directory.h"
#include "core/runtime/executor.h"
#include "core/runtime/log.h"
#include "core/store/store.h"

namespace sluis::gateway {

struct Pause {
  std::string channel;
  std::string customer, flow;  // empty: any; both empty: the whole channel, its polling included
  std::string reason;
  std::string by;  // "operator root"
  WallTime since;
  std::optional<WallTime> until;
};

// One pause for each (channel, customer, flow); pausing again changes it. A rule applied at claim, never a mass update.
// [Threading] any thread. [Ownership] what it is given outlives it. [Durability] `done` comes after the commit, and the
// pause is in force from then on. `changed` is called whenever one begins or ends.
class Pauses {
 public:
  Pauses(Store& store, Executor& timers, const Clock& clock, Log log, std::function<void()> changed);
  ~Pauses();
  Pauses(const Pauses&) = delete;
  Pauses& operator=(const Pauses&) = delete;

  // At start-up. What ended meanwhile is forgotten.
  Status load();
  void pause(Pause pause, std::function<void(Status)> done);
  // Error "pause.none" when there is none for exactly these.
  void resume(const std::string& channel, const std::string& customer, const std::string& flow, const std::string& by,
              const std::string& reason, std::function<void(Status)> done);

  [[nodiscard]] std::vector<Pause> all() const;
  // The pause of the whole channel.
  [[nodiscard]] std::optional<Pause> whole(std::string_view channel) const;
  [[nodiscard]] std::vector<PausedPart> parts(std::string_view channel) const;

 private:
  [[nodiscard]] bool over(const Pause& pause) const { return pause.until && *pause.until <= clock_.wall(); }
  void end_those_that_are_over();
  void arm();

  Store& store_;
  Executor& timers_;
  const Clock& clock_;
  const Log log_;
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::map<std::string, Pause> pauses_;  // by their key in the store
  TimerId timer_ = TimerId::none;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace sluis::gateway
