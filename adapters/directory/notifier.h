// inotify on an event loop: which names were renamed in, and which folders to look at again.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/net/event_loop.h"
#include "core/runtime/result.h"

namespace sluis::directory {

// [Threading] add and remove from any thread; the callback on the loop's thread. The destructor returns after the last
// callback has: not from the loop.
class Notifier {
 public:
  // What happened in one folder. `name` is set when a file was renamed in; empty: just look.
  using Callback = std::function<void(int watch, std::string_view name)>;
  // `overflow` is called when the kernel dropped events: every folder must be looked at.
  Notifier(net::EventLoop& loop, Callback happened, std::function<void()> overflow);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Error "inotify.limit" when the kernel has no watch left; the rescan still finds the files.
  Result<int> add(const std::string& folder);
  void remove(int watch);

 private:
  void read_events();
  net::EventLoop& loop_;
  const Callback happened_;
  const std::function<void()> overflow_;
  int fd_ = -1;
};

}  // namespace sluis::directory
