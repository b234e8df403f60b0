// Names of files in a customer's folder.
#pragma once

#include <string>
#include <string_view>

#include "core/message/message.h"

namespace sluis::directory {

// A name from outside as one plain file name: no separators, no control characters, not "." or "..", no leading dot or
// dash, at most 150 octets with the extension kept. Never empty.
std::string plain_file_name(std::string_view from_outside);

// The name under which a part is written: made of the delivery's identity, so that writing again after a crash meets the
// same file.
std::string outbox_file_name(std::string_view identity, std::size_t part, const Part& content);

// What the pickup leaves alone: hidden names, and names that writers use while they write (.tmp, .part, .filepart, ~).
bool is_being_written(std::string_view name);

}  // namespace sluis::directory
