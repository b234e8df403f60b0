// Secrets by reference: ${file:…}, ${env:…}, ${credential:…}.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/runtime/result.h"
#include "core/runtime/secret.h"

namespace sluis::config {

using ProcessVariables = std::function<std::optional<std::string>(const std::string& name)>;

// The process's own environment. [Threading] as getenv: nothing else may change the environment meanwhile.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

// Resolves references, each once, however many accounts share it.
// [Security] no error holds a value. A file that anyone but its owner can read is refused; one in systemd's
// $CREDENTIALS_DIRECTORY is not looked at that way, because systemd guards the folder and may set an ACL that shows as
// group bits. One line end at the end of a file is trimmed; more than 64 KiB is no secret. [Threading] one.
class Secrets {
 public:
  Secrets(std::string folder, ProcessVariables environment)
      : folder_(std::move(folder)), environment_(std::move(environment)) {}

  // Errors: "secret.plain" (no reference), "secret.reference" (a malformed one), "secret.missing", "secret.open",
  // "secret.permissions", "secret.size".
  [[nodiscard]] const Result<Secret>& resolve(const std::string& reference);

  // Whether the text is, or means to be, a reference.
  [[nodiscard]] static bool is_reference(std::string_view text);

 private:
  [[nodiscard]] Result<Secret> look_up(std::string_view reference) const;
  [[nodiscard]] Result<Secret> from_credential(std::string_view name) const;

  std::string folder_;  // where relative file names begin
  ProcessVariables environment_;
  std::unordered_map<std::string, Result<Secret>> resolved_;
};

}  // namespace sluis::config
