// Message rows, as they are read back.
#pragma once

#include <memory>

#include "store/sqlite/rows.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

struct MessageRow {
  Message message;  // only the id when corrupt
  std::string held;
  bool bodies = true;
  bool corrupt = false;
  std::string record;  // as stored
};
std::optional<MessageRow> load_message_row(Connection& db, const MessageId& id);
// The message; null when it is not there or does not match its checksum.
std::shared_ptr<const Message> load_message(Connection& db, const MessageId& id);

}  // namespace sluis::sqlite
