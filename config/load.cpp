#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/channels.h"
#include "config/customers.h"
#include "config/folder.h"
#include "config/gateway.h"
#include "config/policies.h"
#include "config/routes.h"
#include "config/routing_input.h"

namespace sluis::config {

namespace {

class Loader {
 public:
  Loader(const std::string& folder, const AdapterRegistry& registry, const LoadOptions& options)
      : folder_(folder),
        options_(options),
        secrets_(folder, options.environment ? options.environment : process_environment),
        channels_(registry, secrets_, options.previous.get()) {}

  Loaded run() {
    const Listing listing = list_folder(folder_, loaded_.errors);
    generation_->number = options_.number;
    if (listing.gateway) {
      const std::size_t before = loaded_.errors.size();
      GatewayFile file = read_gateway(read("gateway.yaml"), secrets_, loaded_.errors);
      loaded_.gateway = std::move(file.gateway);
      if (loaded_.errors.size() == before) {
        std::set<std::string, std::less<>> names;
        for (const auto& [name, listener] : loaded_.gateway.listeners) names.insert(name);
        channels_.know_listeners(std::move(names));
      }
      generation_->engine = file.engine;
      generation_->quota = file.quota;
      generation_->gateway = loaded_.gateway.name;
    }
    for (const std::string& file : listing.channels) channels_.read(read(file), loaded_.errors);
    PoliciesFile policies = read_policies(listing.policies ? read("policies.yaml") : nothing("policies.yaml"),
                                          channels_, secrets_, loaded_.errors);
    doubts_.policies = !policies.all_named;
    generation_->policies = std::move(policies.policies);
    read_all_flows(listing);
    read_customers(listing);
    read_routing_table(listing);
    finish();
    return std::move(loaded_);
  }

 private:
  static Document nothing(std::string file) { return {std::move(file), {}, true}; }

  Document read(const std::string& file) {
    loaded_.files.push_back(file);
    auto text = read_file(folder_ + "/" + file, largest_file);
    if (text) return parse_document(file, *text, loaded_.errors);
    loaded_.errors.push_back({{file, 1, 1}, text.error().what});
    return {file, {}, false};
  }

  void read_all_flows(const Listing& listing) {
    const Document catalogue = parse_document(std::string(delivered_flows_file), options_.catalogue, loaded_.errors);
    const bool delivered = read_flows(catalogue, secrets_, loaded_.errors, text_.flows);
    const bool own = !listing.flows || read_flows(read("flows.yaml"), secrets_, loaded_.errors, text_.flows);
    doubts_.flows = !delivered || !own;
  }

  void read_customers(const Listing& listing) {
    std::set<std::string, std::less<>> flows;
    if (!doubts_.flows)
      for (const auto& flow : text_.flows) flows.insert(flow.flow);
    Customers customers(channels_, std::move(flows), secrets_, options_.previous.get(), *generation_);
    for (const std::string& file : listing.customers) customers.read(read(file), loaded_.errors);
    text_.routes = std::move(customers.routes());
    doubts_.customers = customers.doubtful();
  }

  void read_routing_table(const Listing& listing) {
    if (!listing.routes) {
      loaded_.warnings.push_back({{"routes.yaml", 1, 1}, "is missing: every message is unrouted"});
    } else {
      RoutesFile file = read_routes_file(read("routes.yaml"), secrets_, loaded_.errors);
      text_.examples = std::move(file.examples);
      std::move(file.routes.begin(), file.routes.end(), std::back_inserter(text_.routes));
    }
    for (const auto& [name, channel] : channels_.known()) generation_->channels.emplace(name, channel.config);
    doubts_.channels = channels_.doubtful();
    doubts_.anything = !loaded_.errors.empty();
    auto compiled = compile_routing(std::move(text_), *generation_, channels_, doubts_);
    std::move(compiled.errors.begin(), compiled.errors.end(), std::back_inserter(loaded_.errors));
    loaded_.routing = compiled.routing;
    generation_->routing = std::move(compiled.routing);
  }

  void finish() {
    const auto order = [](const LocatedError& a, const LocatedError& b) {
      return std::tie(a.place.file, a.place.line, a.place.column) <
             std::tie(b.place.file, b.place.line, b.place.column);
    };
    std::stable_sort(loaded_.errors.begin(), loaded_.errors.end(), order);
    std::stable_sort(loaded_.warnings.begin(), loaded_.warnings.end(), order);
    if (loaded_.errors.empty())
      loaded_.generation = std::move(generation_);
    else
      loaded_.routing = nullptr;
  }

  const std::string& folder_;
  const LoadOptions& options_;
  Secrets secrets_;
  Channels channels_;
  Loaded loaded_;
  std::shared_ptr<Generation> generation_ = std::make_shared<Generation>();  // becomes the shared, immutable one
  RoutingText text_;
  Doubts doubts_;
};

}  // namespace

Loaded load(const std::string& folder, const AdapterRegistry& registry, const LoadOptions& options) {
  return Loader(folder, registry, options).run();
}

Result<std::string> control_socket(const std::string& folder) {
  auto text = read_file(folder + "/gateway.yaml", largest_file);
  if (!text) return text.error().in(folder + "/gateway.yaml");
  std::vector<LocatedError> errors;
  const Document document = parse_document("gateway.yaml", *text, errors);
  Secrets secrets(folder, process_environment);
  const GatewayFile file = read_gateway(document, secrets, errors);
  if (!file.gateway.control_socket.empty()) return file.gateway.control_socket;
  return Error{"config.control", errors.empty() ? "gateway.yaml names no data directory" : errors.front().text()};
}

}  // namespace sluis::config
