// Writing into a customer's folder so that a reader never sees half a file and a crash never loses one.
#pragma once

#include <string>
#include <string_view>

#include "core/message/content.h"
#include "core/runtime/result.h"

namespace sluis::directory {

// Writes `.NAME.tmp`, fsyncs it, renames it to NAME, fsyncs the folder. When NAME is there already with the same bytes
// (an attempt that ended in a crash), nothing is written and that is success.
// [Threading] blocks on the disk. [Errors] "outbox.missing" the folder is not there, "outbox.exists" another file has the
// name, "outbox.full", "outbox.io", and what the reader reports ("content.corrupt": nothing is left behind).
Status write_file(const std::string& folder, const std::string& name, const Content& content, ContentStore& store);
Status write_file(const std::string& folder, const std::string& name, std::string_view bytes);

}  // namespace sluis::directory
