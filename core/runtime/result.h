// Result<T>: a value or an Error. Outside input, configuration and I/O fail through it; exceptions are for broken
// invariants and never cross a thread's or an adapter's boundary.
#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/runtime/error.h"

namespace sluis {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}       // NOLINT: implicit on purpose, `return value;`
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}   // NOLINT: implicit on purpose, `return Error{…};`

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // [Preconditions] value(): ok(); error(): !ok().
  T& value() & { assert(ok()); return *std::get_if<0>(&state_); }
  const T& value() const& { assert(ok()); return *std::get_if<0>(&state_); }
  // By value: `for (x : f().value())` would else walk what is gone.
  T value() && { assert(ok()); return std::move(*std::get_if<0>(&state_)); }
  const Error& error() const { assert(!ok()); return *std::get_if<1>(&state_); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T value_or(T other) const& { return ok() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}   // NOLINT: implicit on purpose

  [[nodiscard]] bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { assert(!ok_); return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace sluis
