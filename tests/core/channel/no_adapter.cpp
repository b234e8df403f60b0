// A shared object without sluis_plugin().
extern "C" __attribute__((visibility("default"))) int something_else() { return 1; }
