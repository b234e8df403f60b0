#include "core/net/admission.h"

namespace sluis::net {

Admission::Answer Admission::admit(const Address& peer) {
  // One IPv6 subscriber has 2^64 addresses; counting each of them would be no limit.
  const std::string key(peer.ip_bytes().substr(0, 8));
  const std::lock_guard lock(mutex_);
  if (inside_ >= most_) return {Verdict::full, nullptr};
  if (!key.empty()) {
    std::size_t& count = by_address_[key];
    if (count >= most_per_address_) return {Verdict::address_full, nullptr};
    ++count;
  }
  ++inside_;
  return {Verdict::admitted,
          std::shared_ptr<void>(this, [self = shared_from_this(), key](void*) { self->leave(key); })};
}

std::size_t Admission::inside() const {
  const std::lock_guard lock(mutex_);
  return inside_;
}

void Admission::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  --inside_;
  const auto found = by_address_.find(key);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace sluis::net
