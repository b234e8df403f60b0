#include "core/net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

namespace sluis::net {
namespace {

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0)
    return Error{"net.dns",
                 fmt::format("{}: {}", host, failed == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failed))};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    addresses.push_back(Address::from(one->ai_addr, one->ai_addrlen));
  return addresses;
}

}  // namespace

SystemResolver::SystemResolver(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals belong to the main thread
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SystemResolver::~SystemResolver() {
  std::deque<Question> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(questions_);
  }
  asked_.notify_all();
  for (const Question& question : dropped)
    question.done(Error{"net.dns.busy", fmt::format("{}: the resolver is stopping", question.host)});
  for (std::thread& thread : threads_) thread.join();
}

void SystemResolver::resolve(const std::string& host, std::uint16_t port, Done done) {
  if (Result<Address> numeric = Address::ip(host, port); numeric) {
    done(std::vector<Address>{*numeric});
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && questions_.size() < most_waiting_) {
      questions_.push_back({host, port, std::move(done)});
      asked_.notify_one();
      return;
    }
  }
  done(Error{"net.dns.busy", fmt::format("{}: {} names wait to be resolved already", host, most_waiting_)});
}

void SystemResolver::work() {
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
      if (questions_.empty()) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    question.done(look_up(question.host, question.port));
  }
}

}  // namespace sluis::net
