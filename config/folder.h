// The configuration on disk: which files there are, and their bytes.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/result.h"
#include "routing/predicate.h"

namespace sluis::config {

inline constexpr std::size_t largest_file =
    std::size_t{8} * 1024 * 1024;  // a routing table of some ten thousand routes

// Reads a regular file of at most `most` octets; `check` sees the open file's status first. Links are followed: secret
// stores and config maps are made of them. Errors "file.open" (the system's words), "file.kind", "file.size", or
// check's own.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most,
                                            const std::function<Status(const struct stat&)>& check = {});

// What one directory holds, by names below it, in name order.
struct Listing {
  bool gateway = false, routes = false, policies = false, flows = false;
  std::vector<std::string> channels;   // "channels/digipoort.yaml"
  std::vector<std::string> customers;  // "customers/acme.yaml"
};

// A YAML file that no one reads is an error with the nearest name: a misspelt policies.yaml would be no policies.
[[nodiscard]] Listing list_folder(const std::string& folder, std::vector<routing::LocatedError>& errors);

// "acme" of "customers/acme.yaml".
[[nodiscard]] std::string_view stem(std::string_view file);

}  // namespace sluis::config
