#include "core/net/admission.h"

#include <utility>

namespace sluis::net {

Admission::Answer Admission::admit_unknown() {
  const std::lock_guard lock(mutex_);
  if (inside_ >= most_) return {Verdict::full, nullptr};
  ++inside_;
  return {Verdict::admitted, std::shared_ptr<void>(this, [self = shared_from_this()](void*) { self->leave(); })};
}

Admission::Answer Admission::admit_address(const Address& peer) {
  // One IPv6 subscriber has 2^64 addresses; counting each of them would be no limit.
  const std::string key(peer.ip_bytes().substr(0, 8));
  if (key.empty()) return {Verdict::admitted, nullptr};
  const std::lock_guard lock(mutex_);
  std::size_t& count = by_address_[key];
  if (count >= most_per_address_) {
    if (count == 0) by_address_.erase(key);
    return {Verdict::address_full, nullptr};
  }
  ++count;
  return {Verdict::admitted,
          std::shared_ptr<void>(this, [self = shared_from_this(), key](void*) { self->leave_address(key); })};
}

Admission::Answer Admission::admit(const Address& peer) {
  Answer place = admit_unknown();
  if (place.verdict != Verdict::admitted) return place;
  Answer of_address = admit_address(peer);
  if (of_address.verdict != Verdict::admitted) return of_address;
  return {Verdict::admitted, both(std::move(place.place), std::move(of_address.place))};
}

std::shared_ptr<void> Admission::both(std::shared_ptr<void> one, std::shared_ptr<void> other) {
  if (other == nullptr) return one;
  return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(std::move(one), std::move(other));
}

std::size_t Admission::inside() const {
  const std::lock_guard lock(mutex_);
  return inside_;
}

void Admission::leave() {
  const std::lock_guard lock(mutex_);
  --inside_;
}

void Admission::leave_address(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(key);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace sluis::net
