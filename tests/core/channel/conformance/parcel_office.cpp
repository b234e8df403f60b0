#include "tests/core/channel/conformance/parcel_office.h"

#include <algorithm>
#include <chrono>

namespace sluis::conformance::tests {

void ParcelOffice::behave(Demand demand) {
  const std::lock_guard lock(mutex_);
  demand_ = demand;
  changed_.notify_all();
}

Word ParcelOffice::hand_in(const std::string& login, const Copy& parcel, const std::function<bool()>& gave_up) {
  std::unique_lock lock(mutex_);
  if (demand_ == Demand::hang) {
    ++hanging_;
    while (demand_ == Demand::hang && !gave_up()) changed_.wait_for(lock, std::chrono::milliseconds{2});
    return Word::silence;
  }
  switch (demand_) {
    case Demand::refuse_for_good: return Word::never;
    case Demand::refuse_for_now: return Word::not_now;
    case Demand::refuse_account: return Word::no_such_login;
    case Demand::refuse_everyone: return Word::closed;
    case Demand::need_a_human: return Word::damaged;
    default: break;
  }
  if (login.empty()) return Word::no_such_login;
  taken_.push_back(parcel);
  return demand_ == Demand::lose_the_answer ? Word::silence : Word::taken;
}

void ParcelOffice::put(const std::string& customer, const std::string& body) {
  const std::lock_guard lock(mutex_);
  letters_[customer].push_back({"letter-" + std::to_string(next_++), body});
}

void ParcelOffice::remove(const std::string& customer, const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(letters_[customer], [&](const Letter& letter) { return letter.id == id; });
}

std::vector<ParcelOffice::Letter> ParcelOffice::letters(const std::string& customer) const {
  const std::lock_guard lock(mutex_);
  const auto at = letters_.find(customer);
  return at == letters_.end() ? std::vector<Letter>{} : at->second;
}

std::vector<Copy> ParcelOffice::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}
std::size_t ParcelOffice::hanging() const {
  const std::lock_guard lock(mutex_);
  return hanging_;
}
bool ParcelOffice::hangs() const {
  const std::lock_guard lock(mutex_);
  return demand_ == Demand::hang;
}

}  // namespace sluis::conformance::tests
