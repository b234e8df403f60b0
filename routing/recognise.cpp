// Recognition of one message: channel facts, content, then the flow, in that order of trust (digipoort.md §2.1).
#include "routing/recognise.h"

#include "routing/compiled.h"

namespace sluis::routing {

Recognition CompiledRouting::recognise(const Message& message, const std::vector<std::string_view>& heads) const {
  Recognition out;
  out.attributes = message.attributes;
  const std::string_view environment = environment_of(message);
  if (!environment.empty()) out.attributes.set(attribute::environment, environment);
  const auto channel = table_->channels.find(message.from);
  const Side side = channel == table_->channels.end() ? Side::unknown
                    : channel->second->customer_side  ? Side::customer
                                                      : Side::authority;

  // One payload names the flow; attachments and the raw mail beside it do not.
  std::string_view head;
  for (std::size_t i = 0; i < message.parts.size() && i < heads.size(); ++i)
    if (message.parts[i].role == PartRole::payload) {
      head = heads[i];
      recognise_file(message.parts[i], out);
      break;
    }
  if (!recognise_edifact(head, side, out)) recognise_xml(head, side, out);
  table_->flows.name_flow(message, environment, side == Side::authority, out);
  scope_by_authority(out);
  recognise_mail(out);
  if (side == Side::customer) out.attributes.set_if_absent(attribute::kind, "submission");
  return out;
}

}  // namespace sluis::routing
