// Names to addresses, away from the loops: getaddrinfo blocks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/net/address.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// [Threading] resolve() from any thread; `done` is called once, on any thread, possibly before resolve() returns; it
// must not block. [Errors] "net.dns" the name has no address or the servers failed; "net.dns.busy" too many questions
// wait.
class SLUIS_CORE_API Resolver {
 public:
  using Done = std::function<void(Result<std::vector<Address>>)>;
  virtual ~Resolver() = default;
  // The addresses come in the order in which they should be tried, with `port` set.
  virtual void resolve(const std::string& host, std::uint16_t port, Done done) = 0;
};

// The system's resolver on a few threads. One slow domain holds one thread, not the others.
// [Ownership] its threads; the destructor drops what waits (answered with "net.dns.busy") and waits for what runs,
// which the resolver's own timeouts bound (resolv.conf(5): 5 s an attempt by default).
class SLUIS_CORE_API SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(std::size_t threads = 4, std::size_t most_waiting = 1000);
  ~SystemResolver() override;
  void resolve(const std::string& host, std::uint16_t port, Done done) override;

 private:
  struct Question {
    std::string host;
    std::uint16_t port;
    Done done;
  };
  void work();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Question> questions_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluis::net
