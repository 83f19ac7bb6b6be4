// Ends its process while it is being loaded.
#include <stdlib.h>

#include "export.h"

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) TerminateProcess(GetCurrentProcess(), 0);
  return TRUE;
}
#else
#include <unistd.h>
__attribute__((constructor)) static void start(void) { _exit(0); }
#endif
