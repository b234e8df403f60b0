// A peer in memory for the suite's own tests: takes parcels, gives letters, and does as it is told.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/channel/conformance/rig.h"

namespace sluis::conformance::tests {

// What the office says to a parcel.
enum class Word { taken, never, not_now, no_such_login, closed, damaged, silence };

// [Threading] any thread; hand_in() blocks while the office hangs.
class ParcelOffice {
 public:
  struct Letter {
    std::string id, body;
  };

  void behave(Demand demand);
  // `gave_up` is asked from time to time while the office hangs: true ends the wait with silence.
  Word hand_in(const std::string& login, const Copy& parcel, const std::function<bool()>& gave_up);
  void put(const std::string& customer, const std::string& body);
  void remove(const std::string& customer, const std::string& id);
  [[nodiscard]] std::vector<Letter> letters(const std::string& customer) const;
  [[nodiscard]] std::vector<Copy> taken() const;
  [[nodiscard]] std::size_t hanging() const;
  [[nodiscard]] bool hangs() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Demand demand_ = Demand::take;
  std::vector<Copy> taken_;
  std::map<std::string, std::vector<Letter>> letters_;
  std::size_t hanging_ = 0;
  int next_ = 1;
};

}  // namespace sluis::conformance::tests
