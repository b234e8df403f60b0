#include "config/secrets.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>

#include "config/folder.h"

namespace sluis::config {

namespace {

constexpr std::size_t largest_secret = std::size_t{64} * 1024;
constexpr std::string_view how = "${file:…}, ${env:…} or ${credential:…}";

Result<Secret> from_file(const std::string& path, std::string_view what, bool owner_only) {
  // Asked of the open file, not of the name: what was checked is what is read.
  const auto check = [&](const struct stat& status) -> Status {
    if (owner_only && (status.st_mode & 077U) != 0)
      return Error{"secret.permissions",
                   fmt::format("{} can be read by others (mode {:04o}); chmod 600 it", what, status.st_mode & 07777U)};
    return {};
  };
  auto text = read_file(path, largest_secret, check);
  if (!text) {
    if (text.error().code == "secret.permissions") return text.error();
    return Error{"secret.open", fmt::format("{}: {}", what, text.error().what)};
  }
  std::string value = *std::move(text);
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) return Error{"secret.size", fmt::format("{} is empty", what)};
  return Secret{std::move(value)};
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

bool Secrets::is_reference(std::string_view text) {
  for (const std::string_view opening : {"${file:", "${env:", "${credential:"})
    if (text.find(opening) != std::string_view::npos) return true;
  return false;
}

const Result<Secret>& Secrets::resolve(const std::string& reference) {
  const auto at = resolved_.find(reference);
  if (at != resolved_.end()) return at->second;
  return resolved_.emplace(reference, look_up(reference)).first->second;
}

Result<Secret> Secrets::look_up(std::string_view reference) const {
  // The text is not repeated: it may be the secret itself.
  if (!is_reference(reference))
    return Error{"secret.plain", fmt::format("a secret does not stand in the configuration; write {}", how)};
  const auto colon = reference.find(':');
  if (!reference.starts_with("${") || !reference.ends_with('}') || colon + 2 >= reference.size())
    return Error{"secret.reference", fmt::format("a secret is one reference and nothing else: {}", how)};
  const std::string_view kind = reference.substr(2, colon - 2);
  const std::string name(reference.substr(colon + 1, reference.size() - colon - 2));
  if (kind == "file")
    return from_file(name.starts_with('/') ? name : folder_ + "/" + name, fmt::format("secret file \"{}\"", name),
                     true);
  if (kind == "credential") return from_credential(name);
  const auto value = environment_(name);
  if (!value || value->empty())
    return Error{"secret.missing", fmt::format("the environment variable {} is not set", name)};
  if (value->size() > largest_secret)
    return Error{"secret.size",
                 fmt::format("the environment variable {} is larger than {} octets", name, largest_secret)};
  return Secret{*value};
}

Result<Secret> Secrets::from_credential(std::string_view name) const {
  if (name.find('/') != std::string_view::npos || name == "." || name == "..")
    return Error{"secret.reference", fmt::format("\"{}\" is not the name of a credential", name)};
  const auto folder = environment_("CREDENTIALS_DIRECTORY");
  if (!folder || folder->empty())
    return Error{
        "secret.missing",
        fmt::format("credential \"{}\": systemd gave no credentials ($CREDENTIALS_DIRECTORY is not set)", name)};
  return from_file(fmt::format("{}/{}", *folder, name), fmt::format("credential \"{}\"", name), false);
}

}  // namespace sluis::config
