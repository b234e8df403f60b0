#include "store/sqlite/message_rows.h"

#include "core/runtime/packing.h"

namespace sluis::sqlite {

namespace {

std::int64_t sum_of(const MessageColumns& columns) {
  Packer packer;
  packer.number(static_cast<std::uint64_t>(microseconds(columns.received_at)));
  packer.text(columns.customer);
  packer.text(columns.channel);
  packer.text(columns.flow);
  packer.number(columns.held ? 1 : 0);
  packer.text(columns.held.value_or(std::string{}));
  packer.text(columns.in_reply_to ? octets(*columns.in_reply_to) : std::string_view{});
  packer.number(columns.bodies ? 1 : 0);
  const std::uint32_t sum = crc32c(std::move(packer).bytes());
  return columns.intact ? sum : sum ^ 0xFFFFFFFFU;
}

constexpr std::string_view select =
    "SELECT received_at, customer, channel, flow, held, in_reply_to, bodies, sum, record FROM messages WHERE id = ?";

MessageColumns read_columns(const Query& query) {
  MessageColumns columns;
  columns.received_at = query.time(0);
  columns.customer = query.bytes(1);
  columns.channel = query.bytes(2);
  columns.flow = query.bytes(3);
  if (!query.null(4)) columns.held = query.text(4);
  if (!query.null(5)) columns.in_reply_to = query.message(5);
  columns.bodies = query.number(6) != 0;
  columns.intact = query.number(7) == sum_of(columns);
  return columns;
}

}  // namespace

void insert_message_row(Connection& db, const MessageId& id, const MessageColumns& columns, std::string_view record) {
  Query(db,
        "INSERT INTO messages(id, received_at, customer, channel, flow, held, in_reply_to, bodies, sum, record) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(id, columns.received_at, columns.customer, columns.channel, columns.flow, columns.held, columns.in_reply_to,
            columns.bodies ? 1 : 0, sum_of(columns), Blob{record})
      .run();
}

bool change_message_row(Connection& db, const MessageId& id, const std::function<void(MessageColumns&)>& change) {
  MessageColumns columns;
  {
    Query query(db, select);
    if (!query.with(id).next()) return false;
    columns = read_columns(query);
  }
  change(columns);
  Query(db, "UPDATE messages SET customer = ?, held = ?, bodies = ?, sum = ? WHERE id = ?")
      .with(columns.customer, columns.held, columns.bodies ? 1 : 0, sum_of(columns), id)
      .run();
  return true;
}

std::optional<MessageRow> load_message_row(Connection& db, const MessageId& id) {
  Query query(db, select);
  if (!query.with(id).next()) return std::nullopt;
  const MessageColumns columns = read_columns(query);
  MessageRow row;
  row.held = columns.held.value_or(std::string{});
  row.bodies = columns.bodies;
  row.record = query.bytes(8);
  row.corrupt = !columns.intact;
  if (row.corrupt) {
    row.message.id = id;
    return row;
  }
  if (auto message = unpack_message(row.record)) {
    row.message = std::move(*message);
    // A held message gets its customer when it is routed at last; the record stays as it arrived.
    if (columns.customer != row.message.customer) {
      row.message.customer = columns.customer;
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
