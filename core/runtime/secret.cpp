#include "core/runtime/secret.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace sluis {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
  }
  return *this;
}

bool Secret::equals(std::string_view other) const {
  const std::size_t shorter = std::min(value_.size(), other.size());
  const bool same = CRYPTO_memcmp(value_.data(), other.data(), shorter) == 0;
  return same && value_.size() == other.size();
}

void Secret::wipe() noexcept {
  // A moved-from std::string keeps its small buffer's bytes: wipe the capacity, not the size.
  value_.resize(value_.capacity());
  if (!value_.empty()) OPENSSL_cleanse(value_.data(), value_.size());
  value_.clear();
}

}  // namespace sluis
