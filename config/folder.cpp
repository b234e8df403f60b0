#include "config/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/channel/settings.h"

namespace sluis::config {

namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);  // opened for reading: a failing close loses nothing
  }
};

std::string last_error() {
  return std::generic_category().message(errno);
}

// Names in a folder, hidden ones left out (editors and config maps keep their own there).
std::vector<std::string> names_in(const std::string& folder, std::string& trouble) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (std::string name = it->path().filename().string(); !name.starts_with('.')) names.push_back(std::move(name));
  if (code) trouble = code.message();
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> yaml_files(const std::string& folder, const std::string& below,
                                    std::vector<routing::LocatedError>& errors) {
  std::vector<std::string> files;
  std::error_code code;
  if (!fs::exists(folder + "/" + below, code)) return files;
  std::string trouble;
  for (const std::string& name : names_in(folder + "/" + below, trouble)) {
    if (name.ends_with(".yaml"))
      files.push_back(below + "/" + name);
    else if (name.ends_with(".yml"))
      errors.push_back(
          {{below + "/" + name, 1, 1}, fmt::format("only *.yaml is read; rename it to {}.yaml", stem(name))});
  }
  if (!trouble.empty()) errors.push_back({{below, 1, 1}, trouble});
  return files;
}

}  // namespace

std::string_view stem(std::string_view file) {
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return file.substr(0, file.rfind('.'));
}

Result<std::string> read_file(const std::string& path, std::size_t most,
                              const std::function<Status(const struct stat&)>& check) {
  // O_NONBLOCK: a FIFO in the place of a file must not stop the start; for files it means nothing.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.fd < 0) return Error{"file.open", last_error()};
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return Error{"file.open", last_error()};
  if (!S_ISREG(status.st_mode)) return Error{"file.kind", "is not a file"};
  if (check)
    if (auto checked = check(status); !checked) return checked.error();
  if (static_cast<std::size_t>(status.st_size) > most)
    return Error{"file.size", fmt::format("is larger than {} octets", most)};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(file.fd, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{"file.open", last_error()};
    if (got == 0) break;  // it became shorter while it was read
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

Listing list_folder(const std::string& folder, std::vector<routing::LocatedError>& errors) {
  Listing listing;
  std::string trouble;
  const std::vector<std::string> names = names_in(folder, trouble);
  if (!trouble.empty()) {
    errors.push_back({{folder, 1, 1}, trouble});
    return listing;
  }
  static constexpr std::array<std::string_view, 4> known{"flows.yaml", "gateway.yaml", "policies.yaml", "routes.yaml"};
  for (const std::string& name : names) {
    if (name == "gateway.yaml")
      listing.gateway = true;
    else if (name == "routes.yaml")
      listing.routes = true;
    else if (name == "policies.yaml")
      listing.policies = true;
    else if (name == "flows.yaml")
      listing.flows = true;
    else if (name.ends_with(".yaml") || name.ends_with(".yml")) {
      const auto nearest = nearest_name(name, known);
      errors.push_back(
          {{name, 1, 1},
           nearest ? fmt::format("unknown file; did you mean {}?", *nearest)
                   : fmt::format("unknown file; there are {}, channels/ and customers/", fmt::join(known, ", "))});
    }
  }
  if (!listing.gateway) errors.push_back({{"gateway.yaml", 1, 1}, "is missing"});
  listing.channels = yaml_files(folder, "channels", errors);
  listing.customers = yaml_files(folder, "customers", errors);
  return listing;
}

}  // namespace sluis::config
