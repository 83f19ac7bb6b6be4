// Dies while being loaded.
#include "export.h"

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) *(volatile int*)0 = 0;
  return TRUE;
}
#else
__attribute__((constructor)) static void crash(void) { *(volatile int*)0 = 0; }
#endif
