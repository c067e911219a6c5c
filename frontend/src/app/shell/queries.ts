/** The one cache of server resources. A definite refusal is not asked again. */
import { QueryClient } from '@tanstack/react-query';
import { RequestProblem } from '@/lib/problem';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, failure) => count < 2 && !(failure instanceof RequestProblem && failure.status < 500),
      staleTime: 5_000,
    },
  },
});
