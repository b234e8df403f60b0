#include "core/channel/blocking_channel.h"

#include <csignal>
#include <exception>
#include <utility>

namespace sluis {

struct BlockingChannel::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Attempt> waiting;
  std::unordered_map<std::uint64_t, Attempt> running;  // taken out by the one who finishes it
  std::uint64_t next = 0;
  bool started = false;
  std::atomic<bool> stopping{false};
};

namespace {

Outcome stopped(bool in_doubt) {
  Retry retry;
  retry.reason = Error{in_doubt ? "channel.stopped" : "gateway.stopping",
                       in_doubt ? "the channel was stopped while the attempt ran" : "the channel stops"};
  retry.in_doubt = in_doubt;
  return Outcome{std::move(retry), {}, {}};
}

Outcome thrown(std::string_view what) {
  Retry retry;
  retry.reason = Error{"channel.exception", what};
  retry.in_doubt = true;
  return Outcome{std::move(retry), {}, {}};
}

}  // namespace

BlockingChannel::BlockingChannel(std::size_t threads)
    : threads_most_(threads == 0 ? 1 : threads), shared_(std::make_shared<Shared>()) {}

BlockingChannel::~BlockingChannel() { join_deliveries(); }

Status BlockingChannel::start() {
  start_deliveries();
  return {};
}

void BlockingChannel::stop(MonoTime deadline) {
  stop_deliveries(deadline);
}

bool BlockingChannel::stopping() const {
  return shared_->stopping;
}

void BlockingChannel::start_deliveries() {
  {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(shared_->started, true)) return;
  }
  // Signals belong to the main thread; threads inherit the mask.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (std::size_t i = 0; i < threads_most_; ++i) threads_.emplace_back([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void BlockingChannel::deliver(Attempt attempt) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->stopping) {
      shared_->waiting.push_back(std::move(attempt));
      shared_->changed.notify_all();
      return;
    }
  }
  attempt.finish(stopped(false));
}

void BlockingChannel::run() {
  const auto shared = shared_;
  for (;;) {
    std::uint64_t key = 0;
    std::shared_ptr<const Delivery> delivery;
    bool cancelled = false;
    {
      std::unique_lock lock(shared->mutex);
      shared->changed.wait(lock, [&] { return shared->stopping || !shared->waiting.empty(); });
      if (shared->waiting.empty()) return;
      key = shared->next++;
      const auto at = shared->running.emplace(key, std::move(shared->waiting.front())).first;
      shared->waiting.pop_front();
      delivery = at->second.shared_delivery();
      cancelled = at->second.cancelled();
    }
    const auto call = [&] {
      if (cancelled) return stopped(false);
      try {
        return deliver_blocking(*delivery);
      } catch (const std::exception& e) {
        return thrown(e.what());
      } catch (...) {
        return thrown("an exception of no known type");
      }
    };
    Outcome outcome = call();
    std::optional<Attempt> mine;
    {
      const std::lock_guard lock(shared->mutex);
      if (const auto at = shared->running.find(key); at != shared->running.end()) {
        mine = std::move(at->second);
        shared->running.erase(at);
      }
    }
    if (mine) mine->finish(std::move(outcome));
    shared->changed.notify_all();
  }
}

void BlockingChannel::stop_deliveries(MonoTime deadline) {
  std::deque<Attempt> waiting;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    waiting.swap(shared_->waiting);
  }
  shared_->changed.notify_all();
  for (Attempt& attempt : waiting) attempt.finish(stopped(false));

  std::unordered_map<std::uint64_t, Attempt> late;
  {
    std::unique_lock lock(shared_->mutex);
    // MonoTime counts as std::chrono::steady_clock does (SystemClock::mono), so the wait needs no clock of its own.
    const std::chrono::steady_clock::time_point until{
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(deadline.time_since_epoch())};
    shared_->changed.wait_until(lock, until, [&] { return shared_->running.empty(); });
    late.swap(shared_->running);
  }
  if (late.empty()) return;
  interrupt();
  for (auto& [key, attempt] : late) attempt.finish(stopped(true));
}

void BlockingChannel::join_deliveries() {
  if (!shared_->stopping) stop_deliveries(MonoTime{});
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace sluis
