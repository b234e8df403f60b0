// Errors as values: what went wrong, in words an administrator can act on, and a code that programs can compare.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sluis {

// One failure. `code` is a stable, dotted, lower-case word ("tls.verify", "store.full"); it is what metrics count and
// tests compare. `what` says what happened, where and why, and never holds a secret.
struct Error {
  std::string code;
  std::string what;

  Error() = default;
  Error(std::string_view code_, std::string_view what_) : code(code_), what(what_) {}

  // The same error, with where it happened put in front: Error.in("channels/a.yaml").
  [[nodiscard]] Error in(std::string_view where) const {
    std::string text(where);
    text += ": ";
    text += what;
    return Error{code, text};
  }
  bool operator==(const Error&) const = default;
};

}  // namespace sluis
