#include "store/sqlite/message_rows.h"

namespace sluis::sqlite {

std::optional<MessageRow> load_message_row(Connection& db, const MessageId& id) {
  Query query(db, "SELECT customer, held, bodies, record FROM messages WHERE id = ?");
  if (!query.with(id).next()) return std::nullopt;
  MessageRow row;
  row.held = query.bytes(1);
  row.bodies = query.number(2) != 0;
  row.record = query.bytes(3);
  if (auto message = unpack_message(row.record)) {
    row.message = std::move(*message);
    // A held message gets its customer when it is routed at last; the record stays as it arrived.
    if (query.bytes(0) != row.message.customer) {
      row.message.customer = query.bytes(0);
      row.message.attributes.set(attribute::customer, row.message.customer);
    }
  } else {
    row.corrupt = true;
  }
  row.message.id = id;
  return row;
}

std::shared_ptr<const Message> load_message(Connection& db, const MessageId& id) {
  auto row = load_message_row(db, id);
  if (!row || row->corrupt) return nullptr;
  return std::make_shared<const Message>(std::move(row->message));
}

}  // namespace sluis::sqlite
