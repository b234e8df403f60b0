// sluis-sandbox: behaves like the authority's side of a channel, and misbehaves on request.
#include "adapters/sandbox/program.h"

int main(int argc, char** argv) {
  return sluis::sandbox::run(argc, argv);
}
