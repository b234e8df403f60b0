// bench-config: one reading of a configuration folder (bench/config/benchmark.py calls it): `load` checks and loads it
// as the gateway does, `parse` has yaml-cpp alone read the same customer files, on one thread.
#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "bench/harness/arguments.h"
#include "bench/harness/measured_region.h"
#include "config/load.h"

namespace {

using namespace sluis;

double parse(const std::string& folder) {
  double files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/customers")) {
    const YAML::Node document = YAML::LoadFile(entry.path().string());
    if (!document["customer"]) bench::give_up(entry.path().string() + " is no customer's file");
    ++files;
  }
  return files;
}

double load(const std::string& folder, const AdapterRegistry& registry) {
  const config::Loaded loaded = config::load(folder, registry);
  if (!loaded.errors.empty()) bench::give_up(loaded.errors.front().text());
  return static_cast<double>(loaded.generation->customers.size());
}

}  // namespace

int main(int count, char** words) {
  const bench::Arguments arguments(count, words);
  const std::string folder = arguments.text("folder");
  AdapterRegistry registry;
  for (const Error& error : registry.load_folder(arguments.text("adapters")))
    bench::give_up(error.code + ": " + error.what);
  if (arguments.mode() != "load" && arguments.mode() != "parse") bench::give_up("the mode is load or parse");
  const bench::MeasuredRegion region;
  const double customers = arguments.mode() == "load" ? load(folder, registry) : parse(folder);
  auto values = region.finish();
  values["customers"] = customers;
  bench::report(values);
  return 0;
}
