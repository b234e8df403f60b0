// A value that must never be seen: passwords, private keys, tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/runtime/export.h"

namespace sluis {

// Holds a secret and wipes it when it goes. There is no output operator, no formatter and no conversion: whoever needs
// the value calls reveal() at the one place that hands it to the peer, so that a search for "reveal" lists every use.
// [Threading] a value; const access from any thread.
class SLUIS_CORE_API Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  [[nodiscard]] std::string_view reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  // Constant time in the length of the shorter; for passwords and tokens that a peer presents.
  [[nodiscard]] bool equals(std::string_view other) const;
  bool operator==(const Secret& other) const { return equals(other.value_); }   // for noticing a change on reload

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace sluis
