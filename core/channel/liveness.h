// Callbacks that may come later than the channel that asked for them: timers, the intake's answers, reloads.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace sluis {

// A channel wraps what it hands to its context in guarded() and calls end() in stop(). A guarded function runs only
// before end(); end() returns when none runs any more. So nothing of the channel is touched after stop(), whoever is
// late. [Ownership] a member of the channel; what guarded() gives may outlive it. [Threading] any thread; guarded
// functions may run side by side and within each other. end() is not called from within one: it would wait for itself.
class Liveness {
 public:
  Liveness() = default;
  ~Liveness() { end(); }
  Liveness(const Liveness&) = delete;
  Liveness& operator=(const Liveness&) = delete;

  // `f` with any arguments, without a result.
  template <class F>
  auto guarded(F f) {
    return [state = state_, f = std::move(f)](auto&&... arguments) mutable {
      if (const Visit visit(*state); visit.alive) f(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  void end() {
    std::unique_lock lock(state_->mutex);
    state_->alive = false;
    state_->left.wait(lock, [&] { return state_->inside == 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable left;
    int inside = 0;
    bool alive = true;
  };
  struct Visit {
    explicit Visit(State& s) : state(s) {
      const std::lock_guard lock(state.mutex);
      alive = state.alive;
      if (alive) ++state.inside;
    }
    ~Visit() {
      if (!alive) return;
      const std::lock_guard lock(state.mutex);
      if (--state.inside == 0) state.left.notify_all();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    State& state;
    bool alive = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();  // shared with what guarded() gave
};

}  // namespace sluis
