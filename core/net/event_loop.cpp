#include "core/net/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace sluis::net {
namespace {

constexpr std::uint64_t wakeup_tag = 0;  // generations start at 1, so no watch has it

std::uint32_t to_epoll(IoEvents events) {
  return (has(events, IoEvents::readable) ? std::uint32_t{EPOLLIN} : 0) |
         (has(events, IoEvents::writable) ? std::uint32_t{EPOLLOUT} : 0);
}

IoEvents from_epoll(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return IoEvents::both;
  return ((events & EPOLLIN) != 0 ? IoEvents::readable : IoEvents::none) |
         ((events & EPOLLOUT) != 0 ? IoEvents::writable : IoEvents::none);
}

[[noreturn]] void broken(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

struct EventLoop::Watch {
  int fd;
  std::uint32_t generation;
  IoEvents events;
  IoHandler handler;

  [[nodiscard]] std::uint64_t tag() const { return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd); }
};

EventLoop::EventLoop(const Clock& clock, LoopSettings settings)
    : clock_(clock),
      settings_(std::move(settings)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_.valid()) broken("epoll_create1");
  if (!wakeup_.valid()) broken("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wakeup_tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) != 0) broken("epoll_ctl");
  if (settings_.metrics != nullptr)
    stall_counter_ = &settings_.metrics->counter("sluis_net_loop_stalls_total", "Tasks that blocked an event loop");
}

EventLoop::~EventLoop() {
  // Destroying a handler may close a connection, which posts and unwatches: the members stay usable until all is gone.
  thread_.store(std::this_thread::get_id(), std::memory_order_release);
  for (bool empty = false; !empty;) {
    std::vector<Task> tasks;
    std::unordered_map<std::uint64_t, Task> timers;
    std::vector<std::shared_ptr<Watch>> watches;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
      timers.swap(timers_);
    }
    watches.swap(watches_);
    empty = tasks.empty() && timers.empty() && watches.empty();
  }
}

template <class F>
void EventLoop::timed(std::string_view kind, F&& work) {
  const MonoTime began = clock_.mono();
  std::forward<F>(work)();
  const Duration took = clock_.mono() - began;
  if (took <= settings_.stall_threshold) return;
  stalls_.fetch_add(1, std::memory_order_relaxed);
  if (stall_counter_ != nullptr) stall_counter_->add();
  settings_.log.warning("net.loop.stall", "work on an event loop took too long; everything else on it waited",
                        {{"kind", kind}, {"took", format_duration(took)}});
}

void EventLoop::run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_release);
  std::array<epoll_event, 128> events{};
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_milliseconds());
    if (count < 0 && errno != EINTR) broken("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == wakeup_tag) {
        std::uint64_t drained = 0;
        // Read before the tasks are taken, so that a post after the taking writes it again.
        if (::read(wakeup_.get(), &drained, sizeof drained) < 0 && errno != EAGAIN && errno != EINTR)
          broken("read eventfd");
        const std::lock_guard lock(mutex_);
        woken_ = false;
        continue;
      }
      const auto fd = static_cast<std::size_t>(event.data.u64 & 0xffffffffU);
      if (fd >= watches_.size() || watches_[fd] == nullptr || watches_[fd]->tag() != event.data.u64) continue;
      const std::shared_ptr<Watch> watch = watches_[fd];
      timed("io", [&] { watch->handler(from_epoll(event.events)); });
    }
    run_timers();
    run_tasks();
  }
  run_tasks();
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  // EAGAIN means the counter is full, and then the loop is about to wake anyway.
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
}

void EventLoop::post(Task task) {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    // On the loop itself wait_milliseconds() sees the task before epoll sleeps.
    must_wake = !woken_ && !in_loop();
    if (must_wake) woken_ = true;
  }
  if (must_wake) wake();
}

TimerId EventLoop::schedule(MonoTime at, Task task) {
  bool must_wake = false;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_timer_++;
    timers_.emplace(id, std::move(task));
    heap_.push_back({at, id});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
    must_wake = heap_.front().id == id && !woken_ && !in_loop();
    if (must_wake) woken_ = true;
  }
  if (must_wake) wake();
  return TimerId{id};
}

bool EventLoop::cancel(TimerId timer) {
  Task dropped;  // destroyed after the lock: its destructor may call back into the loop
  const std::lock_guard lock(mutex_);
  const auto found = timers_.find(static_cast<std::uint64_t>(timer));
  if (found == timers_.end()) return false;
  dropped = std::move(found->second);
  timers_.erase(found);
  if (heap_.size() > 64 && heap_.size() > 2 * timers_.size()) compact_timers();
  return true;
}

void EventLoop::compact_timers() {
  std::erase_if(heap_, [this](const Timer& timer) { return !timers_.contains(timer.id); });
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

int EventLoop::wait_milliseconds() {
  const std::lock_guard lock(mutex_);
  if (!tasks_.empty()) return 0;
  if (heap_.empty()) return -1;
  const Duration left = heap_.front().at - clock_.mono();
  if (left <= Duration::zero()) return 0;
  // Rounded up: waking a fraction early would spin until the instant comes.
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(milliseconds, 3'600'000));
}

void EventLoop::run_tasks() {
  std::vector<Task> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(tasks_);
  }
  for (Task& task : batch) {
    timed("task", task);
    task = nullptr;  // what it holds goes now, not when the whole batch is done
  }
}

void EventLoop::run_timers() {
  const MonoTime now = clock_.mono();  // read once: a timer that schedules itself for "now" waits for the next turn
  for (;;) {
    Task task;
    {
      const std::lock_guard lock(mutex_);
      if (heap_.empty() || heap_.front().at > now) return;
      const std::uint64_t id = heap_.front().id;
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
      heap_.pop_back();
      const auto found = timers_.find(id);
      if (found == timers_.end()) continue;
      task = std::move(found->second);
      timers_.erase(found);
    }
    timed("timer", task);
  }
}

void EventLoop::watch(int fd, IoEvents events, IoHandler handler) {
  assert(in_loop() || thread_.load() == std::thread::id{});
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size()) watches_.resize(index + 1);
  assert(watches_[index] == nullptr);
  const std::uint32_t generation = next_generation_;
  next_generation_ = next_generation_ == UINT32_MAX ? 1 : next_generation_ + 1;
  watches_[index] = std::make_shared<Watch>(Watch{fd, generation, IoEvents::none, std::move(handler)});
  modify(fd, events);
}

void EventLoop::modify(int fd, IoEvents events) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size() || watches_[index] == nullptr) return;
  Watch& watch = *watches_[index];
  if (watch.events == events) return;
  epoll_event event{};
  event.events = to_epoll(events);
  event.data.u64 = watch.tag();
  // Not watched at all rather than for nothing: epoll reports hang-ups unasked, and would spin on a paused, dead
  // connection.
  const int operation = events == IoEvents::none         ? EPOLL_CTL_DEL
                        : watch.events == IoEvents::none ? EPOLL_CTL_ADD
                                                         : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) broken("epoll_ctl");
  watch.events = events;
}

void EventLoop::unwatch(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size() || watches_[index] == nullptr) return;
  modify(fd, IoEvents::none);
  const std::shared_ptr<Watch> released = std::move(watches_[index]);  // its handler may own what called this
  watches_[index] = nullptr;
}

LoopGroup::LoopGroup(const Clock& clock, std::size_t count, const LoopSettings& settings) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<EventLoop>(clock, settings));
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // threads inherit it
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([loop = loops_[i].get()] { loop->run(); });
    pthread_setname_np(threads_.back().native_handle(), ("sluis-loop-" + std::to_string(i)).substr(0, 15).c_str());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoopGroup::~LoopGroup() {
  stop();
}

EventLoop& LoopGroup::next() {
  return *loops_[next_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

void LoopGroup::stop() {
  for (const auto& loop : loops_) loop->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace sluis::net
