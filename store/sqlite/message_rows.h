// Message rows, as they are read back.
#pragma once

#include <functional>
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

// What lies beside the record: what queries look up by, and the little that changes.
struct MessageColumns {
  WallTime received_at;
  std::string customer, channel, flow;
  std::optional<std::string> held;
  std::optional<MessageId> in_reply_to;
  bool bodies = true;
  bool intact = true;  // they match their sum; what is not stays so, whatever is written to it
};
void insert_message_row(Connection& db, const MessageId& id, const MessageColumns& columns, std::string_view record);
// False when there is no such message.
bool change_message_row(Connection& db, const MessageId& id, const std::function<void(MessageColumns&)>& change);

std::optional<MessageRow> load_message_row(Connection& db, const MessageId& id);
// The message; null when it is not there or does not match its checksum.
std::shared_ptr<const Message> load_message(Connection& db, const MessageId& id);

}  // namespace sluis::sqlite
