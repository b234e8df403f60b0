// Who may come in: connections counted in all and by peer.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/net/address.h"

namespace sluis::net {

// [Ownership] places share the admission, which lives as long as the last of them. [Threading] any thread.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  enum class Verdict { admitted, full, address_full };
  struct Answer {
    Verdict verdict;
    std::shared_ptr<void> place;  // given back when the last copy goes
  };

  Admission(std::size_t most, std::size_t most_per_address) : most_(most), most_per_address_(most_per_address) {}
  Answer admit(const Address& peer);
  // In two steps, for a peer whose address comes later: a place in all, then one of its address, kept beside the first.
  Answer admit_unknown();
  Answer admit_address(const Address& peer);
  static std::shared_ptr<void> both(std::shared_ptr<void> one, std::shared_ptr<void> other);
  [[nodiscard]] std::size_t inside() const;

 private:
  void leave();
  void leave_address(const std::string& key);

  const std::size_t most_;
  const std::size_t most_per_address_;
  mutable std::mutex mutex_;
  std::size_t inside_ = 0;
  std::map<std::string, std::size_t> by_address_;
};

}  // namespace sluis::net
