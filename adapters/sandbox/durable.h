// Files that are on the disk when the call returns: what the sandbox has said OK to must survive kill -9, or it would
// blame a gateway for its own losses.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/result.h"

namespace sluis::sandbox {

// All of these block: pool threads only. [Errors] "sandbox.disk" with the path and the reason.

// Beside the name first, then renamed: nobody ever sees half a file. File and folder are synced.
Status write_durably(const std::filesystem::path& file, std::string_view bytes);
Status sync_folder(const std::filesystem::path& folder);
// The folder and those above it; new ones are private (0700).
Status make_folder(const std::filesystem::path& folder);
// Missing files are no error: it may be the second try after a crash. The folder is synced.
Status remove_durably(const std::filesystem::path& folder, const std::vector<std::string>& names);
Result<std::string> read_file(const std::filesystem::path& file);

// The reason in errno, as an Error.
Error disk_error(const std::filesystem::path& file, std::string_view what);

}  // namespace sluis::sandbox
