#include "gateway/pauses.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluis::gateway {

namespace {

using Json = nlohmann::json;

constexpr std::string_view state_channel = "sluis.pauses";  // no configured channel has a dot in front of its kind
constexpr char separator = '\x1f';
constexpr Duration longest_wait = 1min;  // the wall clock may step: looked at again

std::string key_of(const std::string& channel, const std::string& customer, const std::string& flow) {
  return channel + separator + customer + separator + flow;
}

std::string pack(const Pause& pause) {
  Json out = {{"channel", pause.channel}, {"customer", pause.customer},
              {"flow", pause.flow},       {"reason", pause.reason},
              {"by", pause.by},           {"since", to_rfc3339(pause.since)}};
  if (pause.until) out["until"] = to_rfc3339(*pause.until);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Pause> unpack(const std::string& text) {
  const Json in = Json::parse(text, nullptr, false);
  const auto field = [&](const char* name) {
    return in.is_object() && in.contains(name) && in[name].is_string() ? in[name].get<std::string>() : std::string{};
  };
  const auto since = parse_rfc3339(field("since"));
  if (!since) return Error{"store.corrupt", "a stored pause cannot be read: " + since.error().what};
  Pause pause{field("channel"), field("customer"), field("flow"), field("reason"), field("by"), *since, {}};
  if (const std::string until = field("until"); !until.empty()) {
    const auto at = parse_rfc3339(until);
    if (!at) return Error{"store.corrupt", "a stored pause cannot be read: " + at.error().what};
    pause.until = *at;
  }
  return pause;
}

LogFields fields(const Pause& pause) {
  LogFields out{{"channel", pause.channel}, {"by", pause.by}, {"reason", pause.reason}};
  if (!pause.customer.empty()) out.push_back({"customer", pause.customer});
  if (!pause.flow.empty()) out.push_back({"flow", pause.flow});
  if (pause.until) out.push_back({"until", to_rfc3339(*pause.until)});
  return out;
}

}  // namespace

Pauses::Pauses(Store& store, Executor& timers, const Clock& clock, Log log, std::function<void()> changed)
    : store_(store), timers_(timers), clock_(clock), log_(std::move(log)), changed_(std::move(changed)) {}

Pauses::~Pauses() {
  const std::lock_guard lock(mutex_);
  if (timer_ != TimerId::none) timers_.cancel(timer_);
}

Status Pauses::load() {
  auto reader = store_.read(10s);
  if (!reader) return reader.error();
  const auto stored = (*reader)->states(state_channel, "");
  if (!stored) return stored.error();
  for (const auto& [key, text] : *stored) {
    auto pause = unpack(text);
    if (!pause) return pause.error();
    log_.info("pause.in_force", "paused, as before the start", fields(*pause));
    const std::lock_guard lock(mutex_);
    pauses_[key] = std::move(*pause);
  }
  end_those_that_are_over();
  return {};
}

void Pauses::pause(Pause pause, std::function<void(Status)> done) {
  const std::string key = key_of(pause.channel, pause.customer, pause.flow);
  store_.submit(PutState{std::string(state_channel), {{key, pack(pause)}}},
                [this, key, pause, done = std::move(done)](const CommandResult& result) {
                  if (!result) return done(result.error());
                  {
                    const std::lock_guard lock(mutex_);
                    pauses_[key] = pause;
                  }
                  log_.warning("pause.begun", "paused by an operator", fields(pause));
                  arm();
                  changed_();
                  done({});
                });
}

void Pauses::resume(const std::string& channel, const std::string& customer, const std::string& flow,
                    const std::string& by, const std::string& reason, std::function<void(Status)> done) {
  const std::string key = key_of(channel, customer, flow);
  {
    const std::lock_guard lock(mutex_);
    if (!pauses_.contains(key))
      return done(Error{"pause.none",
                        "that is not paused; `sluis status` lists what is, each by its own channel, "
                        "customer and flow"});
  }
  store_.submit(PutState{std::string(state_channel), {{key, std::nullopt}}},
                [this, key, by, reason, done = std::move(done)](const CommandResult& result) {
                  if (!result) return done(result.error());
                  std::optional<Pause> lifted;
                  {
                    const std::lock_guard lock(mutex_);
                    if (const auto at = pauses_.find(key); at != pauses_.end()) {
                      lifted = at->second;
                      pauses_.erase(at);
                    }
                  }
                  if (lifted) {
                    lifted->by = by;
                    lifted->reason = reason;
                    log_.warning("pause.lifted", "resumed by an operator", fields(*lifted));
                  }
                  changed_();
                  done({});
                });
}

std::vector<Pause> Pauses::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Pause> out;
  for (const auto& [key, pause] : pauses_)
    if (!over(pause)) out.push_back(pause);
  return out;
}

std::optional<Pause> Pauses::whole(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  const auto at = pauses_.find(key_of(std::string(channel), {}, {}));
  if (at == pauses_.end() || over(at->second)) return std::nullopt;
  return at->second;
}

std::vector<PausedPart> Pauses::parts(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  std::vector<PausedPart> out;
  for (const auto& [key, pause] : pauses_)
    if (pause.channel == channel && !(pause.customer.empty() && pause.flow.empty()) && !over(pause))
      out.push_back({pause.customer, pause.flow});
  return out;
}

void Pauses::end_those_that_are_over() {
  std::vector<StateWrite> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = pauses_.begin(); at != pauses_.end();) {
      if (!over(at->second)) {
        ++at;
        continue;
      }
      log_.info("pause.ended", "its time is over", fields(at->second));
      gone.push_back({at->first, std::nullopt});
      at = pauses_.erase(at);
    }
  }
  if (!gone.empty()) {
    // Should this be lost, the next start reads it and forgets it again.
    store_.submit(PutState{std::string(state_channel), std::move(gone)}, [](const CommandResult&) {});
    changed_();
  }
  arm();
}

void Pauses::arm() {
  const std::lock_guard lock(mutex_);
  if (timer_ != TimerId::none) timers_.cancel(timer_);
  timer_ = TimerId::none;
  std::optional<WallTime> earliest;
  for (const auto& [key, pause] : pauses_)
    if (pause.until && (!earliest || *pause.until < *earliest)) earliest = pause.until;
  if (!earliest) return;
  const Duration wait = std::clamp<Duration>(*earliest - clock_.wall(), Duration::zero(), longest_wait);
  timer_ = timers_.schedule(clock_.mono() + wait, [this, weak = std::weak_ptr<int>(alive_)] {
    if (const auto alive = weak.lock()) end_those_that_are_over();
  });
}

}  // namespace sluis::gateway
