#include "adapters/directory/notifier.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <future>

namespace sluis::directory {

Notifier::Notifier(net::EventLoop& loop, Callback happened, std::function<void()> overflow)
    : loop_(loop), happened_(std::move(happened)), overflow_(std::move(overflow)), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_ >= 0) loop_.post([this] { loop_.watch(fd_, net::IoEvents::readable, [this](net::IoEvents) { read_events(); }); });
}

Notifier::~Notifier() {
  if (fd_ < 0) return;
  // The watch can only be taken off on its loop, and until then a callback may run.
  std::promise<void> done;
  loop_.post([&] {
    loop_.unwatch(fd_);
    done.set_value();
  });
  done.get_future().wait();
  ::close(fd_);
}

Result<int> Notifier::add(const std::string& folder) {
  if (fd_ < 0) return Error{"inotify.limit", "inotify is not available"};
  const int watch = ::inotify_add_watch(fd_, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ONLYDIR | IN_DELETE_SELF | IN_MOVE_SELF);
  if (watch < 0)
    return Error{"inotify.limit", fmt::format("{}: cannot be watched: {}", folder, std::strerror(errno))};   // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe
  return watch;
}

void Notifier::remove(int watch) {
  if (fd_ >= 0 && watch >= 0) ::inotify_rm_watch(fd_, watch);
}

void Notifier::read_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n <= 0) return;   // drained
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        overflow_();
        continue;
      }
      if ((event->mask & IN_IGNORED) != 0) continue;
      const bool renamed = (event->mask & IN_MOVED_TO) != 0 && event->len > 0;
      happened_(event->wd, renamed ? std::string_view(event->name) : std::string_view{});
    }
  }
}

}  // namespace sluis::directory
